"""Autograd through formulas: forward is one formula, backward is its derivative's formula, to any order.

torch differentiates what was computed, step by step, and so loses digits where a formula cancels and gives NaN where an
unused branch of `where` overflows. Here each derivative is a formula of its own.
May import: torch, `catalogue`, `functional.tensors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from neurologist.catalogue.differentiate import differentiate
from neurologist.functional.tensors import compute


class Kernel:
    """A formula in `x` and some parameters, with the formulas of its derivatives.

    Attributes:
        label: names the node that autograd's graph shows: `<label>Backward`.
        formula: what the forward pass computes.
        names: the formula's variables, in the order in which `__call__` takes them.
    """

    def __init__(
        self, label: str, formula: str, names: tuple[str, ...], slopes: Mapping[str, str] | None = None
    ) -> None:
        self.label = label
        self.formula = formula
        self.names = tuple(names)
        self._slopes = dict(slopes or {})
        self._kernels: dict[str, Kernel] = {}
        self._function: Any = type(label, (_Differentiated,), {"kernel": self})

    def __call__(self, *values: Any) -> Tensor:
        """The formula's value; the first value is the tensor whose shape and dtype the result has."""
        if torch.is_grad_enabled() and any(isinstance(v, Tensor) and v.requires_grad for v in values):
            result: Tensor = self._function.apply(*values)
            return result
        return self.forward(*values)

    def forward(self, *values: Any) -> Tensor:
        """The value without a trace in autograd's graph."""
        return compute(self.formula, dict(zip(self.names, values, strict=True)), like=values[0])

    def slope(self, name: str) -> Kernel:
        """The kernel of the derivative by one variable."""
        if name not in self._kernels:
            formula = self._slopes.get(name) or differentiate(self.formula, name)
            self._kernels[name] = Kernel(f"{self.label}_by_{name}", formula, self.names)
        return self._kernels[name]


class _Differentiated(torch.autograd.Function):
    """The bridge between a kernel and autograd; `Kernel` makes one subclass per formula."""

    kernel: Kernel
    generate_vmap_rule = True

    @classmethod
    def forward(cls, *values: Any) -> Tensor:
        result = cls.kernel.forward(*values)
        return result.view_as(result) if result is values[0] else result  # autograd wants a new tensor

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*[value for value in inputs if isinstance(value, Tensor)])
        ctx.plain = [None if isinstance(value, Tensor) else value for value in inputs]
        ctx.is_tensor = [isinstance(value, Tensor) for value in inputs]

    @classmethod
    def backward(cls, ctx: Any, gradient: Tensor) -> Any:
        saved = iter(ctx.saved_tensors)
        values = [next(saved) if tensor else plain for tensor, plain in zip(ctx.is_tensor, ctx.plain, strict=True)]
        gradients: list[Tensor | None] = []
        for name, value, needed in zip(cls.kernel.names, values, ctx.needs_input_grad, strict=True):
            if needed:
                whole = gradient * cls.kernel.slope(name)(*values)
                gradients.append(whole if whole.shape == value.shape else whole.sum_to_size(value.shape))
            else:
                gradients.append(None)
        return tuple(gradients)
