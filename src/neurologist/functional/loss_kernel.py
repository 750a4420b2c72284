"""Losses over vectors in torch: a formula's value, and its gradient to any order, as one node of autograd's graph.

Sums along a vector have no slope formula of their own, so torch differentiates the formula when backward runs; only the
operands are kept until then. A member may declare its slope where that loses digits.
May import: torch, `functional.tensors`, `functional.shelf`, `functional.node`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from neurologist.functional.shelf import shelved
from neurologist.functional.tensors import program, widened, working_dtype


class VectorKernel:
    """A loss over vectors along `dim`, and its gradient. Call `vector_kernel` to get one.

    Attributes:
        made_of: what `vector_kernel` was called with.
        formula: what the forward pass computes.
        names: the formula's variables, in the order in which `__call__` takes them.
        slopes: variable -> formula of the derivative by it, where torch's own would lose digits.
    """

    def __init__(self, label: str, formula: str, names: tuple[str, ...], slopes: tuple[tuple[str, str], ...]) -> None:
        self.made_of = (label, formula, names, slopes)
        self.formula = formula
        self.names = names
        self.slopes = dict(slopes)
        self._function = _bridge(label, self.made_of)

    def __call__(self, dim: int, *values: Any) -> Tensor:
        """One loss per vector; the first value gives the dtype."""
        if torch.is_grad_enabled() and any(isinstance(v, Tensor) and v.requires_grad for v in values):
            result: Tensor = self._function.apply(dim, *values)
            return result
        return self.forward(dim, *values)

    def forward(self, dim: int, *values: Any) -> Tensor:
        """The value without a trace in autograd's graph."""
        like = values[0]
        found = run(self.formula, dict(zip(self.names, values, strict=True)), working_dtype(like), dim)
        return found.squeeze(dim).to(like.dtype)

    def gradients(self, dim: int, values: list[Any], needed: list[str], gradient: Tensor) -> dict[str, Tensor]:
        """The gradient by each variable that is needed."""
        wide = working_dtype(values[0])
        given, upstream = dict(zip(self.names, values, strict=True)), gradient.to(wide).unsqueeze(dim)
        found = {
            name: (upstream * run(self.slopes[name], given, wide, dim)).to(given[name].dtype)
            for name in needed
            if name in self.slopes
        }
        rest = [name for name in needed if name not in self.slopes]
        if rest:

            def value(*changed: Tensor) -> Tensor:
                return run(self.formula, {**given, **dict(zip(rest, changed, strict=True))}, wide, dim)

            _, pull, *_ = torch.func.vjp(value, *[given[name] for name in rest])
            found |= dict(zip(rest, pull(upstream), strict=True))
        return found


@shelved
def vector_kernel(
    label: str, formula: str, names: tuple[str, ...], slopes: tuple[tuple[str, str], ...]
) -> VectorKernel:
    """The kernel of a formula, made once; arguments as in `functional.kernel`."""
    return VectorKernel(label, formula, names, slopes)


def _bridge(label: str, made_of: tuple[Any, ...]) -> Any:
    """The subclass of autograd's Function that gives a kernel its node, under the kernel's own name.

    Its methods look the kernel up: torch.compile reads no object from a closure.
    """

    def forward(dim: int, *values: Any) -> Tensor:
        return vector_kernel(*made_of).forward(dim, *values)

    def backward(ctx: Any, gradient: Tensor) -> Any:
        saved = iter(ctx.saved_tensors)
        values = [next(saved) if tensor else plain for tensor, plain in zip(ctx.is_tensor, ctx.plain, strict=True)]
        own = vector_kernel(*made_of)
        needed = [name for name, wanted in zip(own.names, ctx.needs_input_grad[1:], strict=True) if wanted]
        found = own.gradients(ctx.dim, values, needed, gradient)
        return None, *[found.get(name) for name in own.names]

    methods = {
        "forward": staticmethod(forward),
        "setup_context": staticmethod(_keep),
        "backward": staticmethod(backward),
    }
    return type(label, (torch.autograd.Function,), {**methods, "generate_vmap_rule": True})


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.dim, *values = inputs
    ctx.save_for_backward(*[value for value in values if isinstance(value, Tensor)])
    ctx.plain = [None if isinstance(value, Tensor) else value for value in values]
    ctx.is_tensor = [isinstance(value, Tensor) for value in values]


def run(formula: str, values: dict[str, Any], dtype: torch.dtype, dim: int) -> Tensor:
    """A formula's value in `dtype`."""
    ready = {name: widened(value, dtype) for name, value in values.items()}
    result: Tensor = program(formula, dtype, dim)(ready)
    return result
