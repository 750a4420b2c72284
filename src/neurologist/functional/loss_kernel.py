"""Losses over vectors in torch: a formula's value, and its gradient to any order, as one node of autograd's graph.

Sums along a vector have no slope formula of their own, so torch differentiates the formula when backward runs; only the
operands are kept until then. A member may declare its slope where that loses digits.
May import: torch, `catalogue`, `functional.tensors`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from neurologist.catalogue.backends import FLOATS
from neurologist.catalogue.expression import CONSTANTS, OPERATORS, parse
from neurologist.functional.tensors import HALF, Tensors

Step = Callable[[list[Any], Mapping[str, Any], Tensors], Any]


class VectorKernel:
    """A loss over vectors along `dim`, and its gradient.

    Attributes:
        label: names the node that autograd's graph shows: `<label>Backward`.
        formula: what the forward pass computes.
        names: the formula's variables, in the order in which `__call__` takes them.
        slopes: variable -> formula of the derivative by it, where torch's own would lose digits.
    """

    def __init__(self, label: str, formula: str, names: tuple[str, ...], slopes: Mapping[str, str]) -> None:
        self.label = label
        self.formula = formula
        self.names = names
        self.slopes = dict(slopes)
        self._function: Any = type(label, (_Differentiated,), {"kernel": self})

    def __call__(self, dim: int, *values: Any) -> Tensor:
        """One loss per vector; the first value gives the dtype."""
        if torch.is_grad_enabled() and any(isinstance(v, Tensor) and v.requires_grad for v in values):
            result: Tensor = self._function.apply(dim, *values)
            return result
        return self.forward(dim, *values)

    def forward(self, dim: int, *values: Any) -> Tensor:
        """The value without a trace in autograd's graph."""
        like = values[0]
        return (
            run(self.formula, dict(zip(self.names, values, strict=True)), _wide(like), dim).squeeze(dim).to(like.dtype)
        )

    def gradients(self, dim: int, values: list[Any], needed: list[str], gradient: Tensor) -> dict[str, Tensor]:
        """The gradient by each variable that is needed."""
        like = values[0]
        given, upstream = dict(zip(self.names, values, strict=True)), gradient.to(_wide(like)).unsqueeze(dim)
        found = {
            name: (upstream * run(self.slopes[name], given, _wide(like), dim)).to(given[name].dtype)
            for name in needed
            if name in self.slopes
        }
        rest = [name for name in needed if name not in self.slopes]
        if rest:

            def value(*changed: Tensor) -> Tensor:
                return run(self.formula, {**given, **dict(zip(rest, changed, strict=True))}, _wide(like), dim)

            _, pull, *_ = torch.func.vjp(value, *[given[name] for name in rest])
            found |= dict(zip(rest, pull(upstream), strict=True))
        return found


class _Differentiated(torch.autograd.Function):
    """The bridge between a kernel and autograd; `VectorKernel` makes one subclass per formula."""

    kernel: VectorKernel
    generate_vmap_rule = True

    @classmethod
    def forward(cls, dim: int, *values: Any) -> Tensor:
        return cls.kernel.forward(dim, *values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.dim, *values = inputs
        ctx.save_for_backward(*[value for value in values if isinstance(value, Tensor)])
        ctx.plain = [None if isinstance(value, Tensor) else value for value in values]
        ctx.is_tensor = [isinstance(value, Tensor) for value in values]

    @classmethod
    def backward(cls, ctx: Any, gradient: Tensor) -> Any:
        saved = iter(ctx.saved_tensors)
        values = [next(saved) if tensor else plain for tensor, plain in zip(ctx.is_tensor, ctx.plain, strict=True)]
        names = cls.kernel.names
        needed = [name for name, wanted in zip(names, ctx.needs_input_grad[1:], strict=True) if wanted]
        found = cls.kernel.gradients(ctx.dim, values, needed, gradient)
        return None, *[found.get(name) for name in names]


def run(formula: str, values: Mapping[str, Any], dtype: torch.dtype, dim: int) -> Tensor:
    """A formula's value in `dtype`, each repeated part of it computed once."""
    ready = {
        name: value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value
        for name, value in values.items()
    }
    backend, results = _backend(dtype, dim), list[Any]()
    for step in _program(formula):
        results.append(step(results, ready, backend))
    result: Tensor = results[-1]
    return result


def _wide(like: Tensor) -> torch.dtype:
    return torch.float32 if like.dtype in HALF else like.dtype


@lru_cache(maxsize=64)
def _backend(dtype: torch.dtype, dim: int) -> Tensors:
    return Tensors(dtype, dim)


@lru_cache(maxsize=1024)
def _program(formula: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    _place(parse(formula), steps, {})
    return tuple(steps)


def _place(node: ast.expr, steps: list[Step], known: dict[str, int]) -> int:
    """Append what computes a node, its parts first; the place of its result."""
    text = ast.unparse(node)
    if text not in known:
        steps.append(_step(node, steps, known))
        known[text] = len(steps) - 1
    return known[text]


def _step(node: ast.expr, steps: list[Step], known: dict[str, int]) -> Step:
    match node:
        case ast.Constant(value=value):
            number = FLOATS.number(repr(value))
            return lambda results, values, backend: number
        case ast.Name(id=name):
            return lambda results, values, backend: FLOATS.number(name) if name in CONSTANTS else values[name]
        case ast.UnaryOp(op=op, operand=operand):
            at = _place(operand, steps, known)
            return lambda results, values, backend: -results[at] if isinstance(op, ast.USub) else results[at]
        case ast.BinOp(op=op, left=left, right=right) | ast.Compare(ops=[op], left=left, comparators=[right]):
            a, b, apply = _place(left, steps, known), _place(right, steps, known), OPERATORS[type(op)]
            return lambda results, values, backend: apply(results[a], results[b])
        case ast.Call(func=ast.Name(id=word), args=args):
            places = [_place(argument, steps, known) for argument in args]
            return lambda results, values, backend: backend.words[word](*[results[at] for at in places])
    raise AssertionError(f"{ast.dump(node)} passed the parser's whitelist")
