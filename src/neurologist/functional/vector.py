"""Autograd through functions of vectors: forward is one formula, backward is the member's pullback.

What torch would do by itself loses digits where one entry outweighs all others: 1 less a probability near 1.
May import: torch, `catalogue`, `functional.tensors`, `functional.members`, `functional.shelf`, `functional.node`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from neurologist.catalogue import Activation
from neurologist.functional.members import member
from neurologist.functional.shelf import shelved
from neurologist.functional.tensors import compute


class VectorKernel:
    """An activation that maps vectors along `dim`, as one node of autograd's graph. Call `vector_kernel` to get one.

    Attributes:
        spec: its entry in the catalogue.
    """

    def __init__(self, spec: Activation, key: str) -> None:
        self.spec = spec
        self.value = spec.value
        self.pulled = str(spec.pullback)
        self._function = _bridge(f"nl_{spec.name}", key)

    def __call__(self, x: Tensor, dim: int, given: Mapping[str, Any]) -> Tensor:
        """The function's value; parameters are not differentiated."""
        for name, value in given.items():
            if isinstance(value, Tensor) and value.requires_grad:
                raise TypeError(
                    f"{self.spec.name} got a {name!r} that requires grad: expected a number; use {name}.item()"
                )
        if torch.is_grad_enabled() and x.requires_grad:
            result: Tensor = self._function.apply(x, dim, tuple(given), *given.values())
            return result
        return self.forward(x, dim, given)

    def forward(self, x: Tensor, dim: int, given: Mapping[str, Any]) -> Tensor:
        """The value without a trace in autograd's graph."""
        return compute(self.value, {**given, "x": x}, like=x, dim=dim)

    def pullback(self, x: Tensor, gradient: Tensor, dim: int, given: Mapping[str, Any]) -> Tensor:
        """The gradient by the input, from the gradient by the output."""
        return compute(self.pulled, {**given, "x": x, "g": gradient}, like=x, dim=dim)


@shelved
def vector_kernel(key: str) -> VectorKernel:
    """The kernel of the activation that is known under this key."""
    return VectorKernel(member(key), key)


def _bridge(label: str, key: str) -> Any:
    """The subclass of autograd's Function that gives a kernel its node, under the kernel's own name.

    The pullback is made of torch's own operations, which give the second derivative. The methods look the kernel up:
    torch.compile reads no object from a closure.
    """

    def forward(x: Tensor, dim: int, names: tuple[str, ...], *values: Any) -> Tensor:
        return vector_kernel(key).forward(x, dim, dict(zip(names, values, strict=True)))

    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        found = vector_kernel(key).pullback(x, gradient, ctx._saved_dim, ctx.given)
        return found, None, None, *[None] * len(ctx.given)

    methods = {
        "forward": staticmethod(forward),
        "setup_context": staticmethod(_keep),
        "backward": staticmethod(backward),
    }
    return type(label, (torch.autograd.Function,), {**methods, "generate_vmap_rule": True})


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, dim, names, *values = inputs
    ctx.save_for_backward(x)
    ctx.given = dict(zip(names, values, strict=True))
    ctx._saved_dim = dim  # under torch's name, for whoever reads the graph
