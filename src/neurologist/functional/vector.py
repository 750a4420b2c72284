"""Autograd through functions of vectors: forward is one formula, backward is the member's pullback.

What torch would do by itself loses digits where one entry outweighs all others: 1 less a probability near 1.
May import: torch, `catalogue`, `functional.tensors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from neurologist.catalogue import Activation
from neurologist.functional.tensors import compute


class VectorKernel:
    """An activation that maps vectors along `dim`, as one node of autograd's graph.

    Attributes:
        spec: its entry in the catalogue.
    """

    def __init__(self, spec: Activation) -> None:
        self.spec = spec
        self._function: Any = type(f"nl_{spec.name}", (_Differentiated,), {"kernel": self})

    def __call__(self, x: Tensor, dim: int, given: Mapping[str, Any]) -> Tensor:
        """The function's value; parameters are not differentiated."""
        for name, value in given.items():
            if isinstance(value, Tensor) and value.requires_grad:
                raise TypeError(
                    f"{self.spec.name} got a {name!r} that requires grad: expected a number; use {name}.item()"
                )
        if torch.is_grad_enabled() and x.requires_grad:
            result: Tensor = self._function.apply(x, dim, given)
            return result
        return self.forward(x, dim, given)

    def forward(self, x: Tensor, dim: int, given: Mapping[str, Any]) -> Tensor:
        """The value without a trace in autograd's graph."""
        return compute(self.spec.value, {**given, "x": x}, like=x, dim=dim)

    def pullback(self, x: Tensor, gradient: Tensor, dim: int, given: Mapping[str, Any]) -> Tensor:
        """The gradient by the input, from the gradient by the output."""
        return compute(str(self.spec.pullback), {**given, "x": x, "g": gradient}, like=x, dim=dim)


class _Differentiated(torch.autograd.Function):
    """The bridge between a kernel and autograd; `VectorKernel` makes one subclass per function.

    The pullback is made of torch's own operations, which give the second derivative.
    """

    kernel: VectorKernel
    generate_vmap_rule = True

    @classmethod
    def forward(cls, x: Tensor, dim: int, given: Mapping[str, Any]) -> Tensor:
        return cls.kernel.forward(x, dim, given)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, dim, given = inputs
        ctx.save_for_backward(x)
        ctx.given = given
        ctx._saved_dim = dim  # under torch's name, for whoever reads the graph

    @classmethod
    def backward(cls, ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        return cls.kernel.pullback(x, gradient, ctx._saved_dim, ctx.given), None, None
