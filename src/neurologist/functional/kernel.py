"""Autograd through formulas: forward is one formula, backward is its derivative's formula, to any order.

torch differentiates what was computed, step by step, and so loses digits where a formula cancels and gives NaN where an
unused branch of `where` overflows. Here each derivative is a formula of its own.
May import: torch, `catalogue`, `functional.tensors`, `functional.blocks`, `functional.shelf`, `functional.node`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from neurologist.catalogue.differentiate import differentiate
from neurologist.functional.blocks import in_blocks
from neurologist.functional.fused import compiled
from neurologist.functional.shelf import shelved
from neurologist.functional.tensors import compute, program, widened, working_dtype


class Kernel:
    """A formula in `x` and some parameters, with the formulas of its derivatives. Call `kernel` to get one.

    Attributes:
        made_of: what `kernel` was called with.
        formula: what the forward pass computes.
        names: the formula's variables, in the order in which `__call__` takes them.
        wide: whether float32 is computed in float64.
    """

    def __init__(
        self,
        label: str,
        formula: str,
        names: tuple[str, ...],
        slopes: tuple[tuple[str, str], ...],
        wide: bool,
        fused: bool,
    ) -> None:
        self.made_of = (label, formula, names, slopes, wide, fused)
        self.formula = formula
        self.names = names
        self.wide = wide
        self._function = _bridge(label, self.made_of)
        self._fused = (compiled(self._compute, label), compiled(self._compute_times, label)) if fused else None

    def __call__(self, *values: Any) -> Tensor:
        """The formula's value; the first value is the tensor whose shape and dtype the result has."""
        if torch.is_grad_enabled() and any(isinstance(v, Tensor) and v.requires_grad for v in values):
            result: Tensor = self._function.apply(*values)
            return result
        return self.forward(*values)

    def forward(self, *values: Any) -> Tensor:
        """The value without a trace in autograd's graph."""
        if self._fused is not None:
            value: Tensor = self._fused[0](values)
            return value
        found = in_blocks(self._in_block, *values)
        return self._compute(values) if found is None else found

    def pull(self, gradient: Tensor, *values: Any) -> Tensor:
        """The value times a gradient, rounded once."""
        if self._fused is not None:
            product: Tensor = self._fused[1](values, gradient)
            return product
        found = in_blocks(self._times_in_block, *values, gradient)
        return self._compute_times(values, gradient) if found is None else found

    def slope(self, name: str) -> Kernel:
        """The kernel of the derivative by one variable."""
        return slope_of(self.made_of, name)

    def _in_block(self, *values: Any) -> Tensor:
        return self._compute(values, blocks=True)

    def _times_in_block(self, *values: Any) -> Tensor:
        return self._compute_times(values[:-1], values[-1], blocks=True)

    def _compute(self, values: tuple[Any, ...], blocks: bool = False) -> Tensor:
        given = dict(zip(self.names, values, strict=True))
        return compute(self.formula, given, values[0], wide=self.wide, blocks=blocks)

    def _compute_times(self, values: tuple[Any, ...], gradient: Tensor, blocks: bool = False) -> Tensor:
        dtype = working_dtype(values[0], self.wide)
        ready = {name: widened(value, dtype) for name, value in zip(self.names, values, strict=True)}
        found: Tensor = program(self.formula, dtype, -1, blocks)(ready) * gradient.to(dtype)
        return found.to(values[0].dtype)


@shelved
def kernel(
    label: str,
    formula: str,
    names: tuple[str, ...],
    slopes: tuple[tuple[str, str], ...] = (),
    wide: bool = False,
    fused: bool = False,
) -> Kernel:
    """The kernel of a formula, made once.

    Args:
        label: names the node that autograd's graph shows: `<label>Backward`.
        formula: what the forward pass computes.
        names: the formula's variables, in the order in which a call takes them.
        slopes: (variable, formula) pairs of the derivatives that are not to be derived from the formula.
        wide: whether float32 is computed in float64 and rounded once.
        fused: whether torch compiles the value and the slope, one pass each; only `x` is kept between them, where
            compiling both at once would keep masks, which cost more to write than all the rest.
    """
    return Kernel(label, formula, names, slopes, wide, fused)


@shelved
def slope_of(made_of: tuple[Any, ...], name: str) -> Kernel:
    """The kernel of another's derivative by one variable."""
    label, formula, names, slopes, wide, fused = made_of
    formula = dict(slopes).get(name) or differentiate(formula, name)
    found: Kernel = kernel(f"{label}_by_{name}", formula, names, (), wide, fused)
    return found


def _bridge(label: str, made_of: tuple[Any, ...]) -> Any:
    """The subclass of autograd's Function that gives a kernel its node, under the kernel's own name.

    Its methods look the kernel up: torch.compile reads no object from a closure.
    """

    def forward(*values: Any) -> Tensor:
        result = kernel(*made_of).forward(*values)
        return result.view_as(result) if result is values[0] else result  # autograd wants a new tensor

    def backward(ctx: Any, gradient: Tensor) -> Any:
        saved = iter(ctx.saved_tensors)
        values = [next(saved) if tensor else plain for tensor, plain in zip(ctx.is_tensor, ctx.plain, strict=True)]
        own = kernel(*made_of)
        gradients: list[Tensor | None] = []
        for name, value, needed in zip(own.names, values, ctx.needs_input_grad, strict=True):
            gradients.append(_fitting(own.slope(name), gradient, values, value) if needed else None)
        return tuple(gradients)

    methods = {
        "forward": staticmethod(forward),
        "setup_context": staticmethod(_keep),
        "backward": staticmethod(backward),
    }
    return type(label, (torch.autograd.Function,), {**methods, "generate_vmap_rule": True})


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*[value for value in inputs if isinstance(value, Tensor)])
    ctx.plain = [None if isinstance(value, Tensor) else value for value in inputs]
    ctx.is_tensor = [isinstance(value, Tensor) for value in inputs]


def _fitting(slope: Kernel, gradient: Tensor, values: list[Any], by: Tensor) -> Tensor:
    """The gradient by one value, of that value's shape."""
    twice = torch.is_grad_enabled()  # a second derivative is wanted
    whole = gradient * slope(*values) if twice else slope.pull(gradient, *values)
    return whole if whole.shape == by.shape else whole.sum_to_size(by.shape)
