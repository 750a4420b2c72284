"""Cross-entropy of class indices in few passes over the scores: as exact as the formula, near the speed of torch's own.

May import: torch, `functional.loss_kernel`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from neurologist.functional.loss_kernel import VectorKernel, vector_kernel
from neurologist.functional.tensors import log1p, working_dtype


class FusedCrossEntropy:
    """The loss of every row, from scores and class indices.

    Torch takes the right class's logarithm from one rounded sum, which is 0 as soon as the other classes have less than
    an epsilon. Here they are summed on their own: `rest` is 1 - p to full precision, and the slope at the right class.

    Attributes:
        kernel: the same loss by its formula; gives the second derivative.
    """

    def __init__(self, kernel: VectorKernel) -> None:
        self.kernel = kernel
        self._function: Any = type(kernel.made_of[0], (_Fused,), {})

    def __call__(self, dim: int, scores: Tensor, target: Tensor) -> Tensor:
        """One loss per row; every target must be a class."""
        loss: Tensor = self._function.apply(self.kernel.made_of, dim, scores, target)[0]
        return loss


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(made_of: tuple[Any, ...], dim: int, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        at = target.unsqueeze(dim)
        slope = scores.softmax(dim, dtype=working_dtype(scores))
        # The largest probability cannot underflow, so its logarithm is safe.
        behind = (scores.amax(dim, keepdim=True) - scores.gather(dim, at)).to(slope.dtype)
        loss = behind - slope.amax(dim, keepdim=True).log()
        slope = slope.scatter(dim, at, 0.0)
        rest = slope.sum(dim, keepdim=True)
        loss = torch.where(rest < 0.5, -log1p(-rest), loss)
        return loss.squeeze(dim).to(scores.dtype), slope.scatter(dim, at, -rest)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], made_of: tuple[Any, ...], dim: int, scores: Tensor, target: Tensor
    ) -> Any:
        """A batch of losses is the loss of one more leading dim."""
        batched = [
            value.unsqueeze(0).expand(info.batch_size, *value.shape) if at is None else value.movedim(at, 0)
            for at, value in zip(in_dims[2:], (scores, target), strict=True)
        ]
        found: Any = _Fused.apply(made_of, dim if dim < 0 else dim + 1, *batched)  # type: ignore[no-untyped-call]
        return found, (0, 0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.made_of, ctx.dim, scores, target = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(scores, target, output[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> Any:
        scores, target, slope = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted: the saved slope is a constant
            wide = slope.dtype
            y = torch.zeros_like(slope).scatter(ctx.dim, target.unsqueeze(ctx.dim), 1.0)
            found = vector_kernel(*ctx.made_of).gradients(ctx.dim, [scores.to(wide), y], ["z"], gradient.to(wide))
            return None, None, found["z"].to(scores.dtype), None
        return None, None, (gradient.unsqueeze(ctx.dim).to(slope.dtype) * slope).to(scores.dtype), None
