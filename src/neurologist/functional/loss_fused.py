"""Cross-entropy of class indices in few passes over the scores: as exact as the formula, near the speed of torch's own.

May import: torch, `functional.loss_kernel`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from neurologist.functional.loss_kernel import VectorKernel
from neurologist.functional.tensors import HALF


class FusedCrossEntropy:
    """The loss of every row, from scores and class indices.

    Torch takes the right class's logarithm from one rounded sum, which is 0 as soon as the other classes have less than
    an epsilon. Here they are summed on their own: `rest` is 1 - p to full precision, and the slope at the right class.

    Attributes:
        kernel: the same loss by its formula; gives the second derivative.
    """

    def __init__(self, kernel: VectorKernel) -> None:
        self.kernel = kernel
        self._function: Any = type(kernel.label, (_Fused,), {"kernel": kernel})

    def __call__(self, dim: int, scores: Tensor, target: Tensor) -> Tensor:
        """One loss per row; every target must be a class."""
        loss: Tensor = self._function.apply(dim, scores, target)[0]
        return loss


class _Fused(torch.autograd.Function):
    kernel: VectorKernel

    @staticmethod
    def forward(dim: int, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        at = target.unsqueeze(dim)
        slope = scores.softmax(dim, dtype=torch.float32 if scores.dtype in HALF else None)
        # The largest probability cannot underflow, so its logarithm is safe.
        behind = (scores.amax(dim, keepdim=True) - scores.gather(dim, at)).to(slope.dtype)
        loss = behind - slope.amax(dim, keepdim=True).log()
        slope = slope.scatter(dim, at, 0.0)
        rest = slope.sum(dim, keepdim=True)
        loss = torch.where(rest < 0.5, -torch.log1p(-rest), loss)
        return loss.squeeze(dim).to(scores.dtype), slope.scatter_(dim, at, -rest)

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple[int | None, ...], dim: int, scores: Tensor, target: Tensor) -> Any:
        """A batch of losses is the loss of one more leading dim."""
        batched = [
            value.unsqueeze(0).expand(info.batch_size, *value.shape) if at is None else value.movedim(at, 0)
            for at, value in zip(in_dims[1:], (scores, target), strict=True)
        ]
        found: Any = cls.apply(dim if dim < 0 else dim + 1, *batched)  # type: ignore[no-untyped-call]
        return found, (0, 0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.dim, scores, target = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(scores, target, output[1])

    @classmethod
    def backward(cls, ctx: Any, gradient: Tensor, _: Tensor) -> Any:
        scores, target, slope = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted: the saved slope is a constant
            wide = slope.dtype
            y = torch.zeros_like(slope).scatter(ctx.dim, target.unsqueeze(ctx.dim), 1.0)
            found = cls.kernel.gradients(ctx.dim, [scores.to(wide), y], ["z"], gradient.to(wide))
            return None, found["z"].to(scores.dtype), None
        return None, (gradient.unsqueeze(ctx.dim).to(slope.dtype) * slope).to(scores.dtype), None
