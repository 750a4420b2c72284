"""What the words of a formula mean for torch tensors.

May import: torch, `catalogue`, `functional.shelf`, `functional.approximations`. A new word needs one line here, as in
`catalogue.backends`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from neurologist.catalogue.backends import FLOATS, even
from neurologist.catalogue.expression import Compiled, compile_formula
from neurologist.catalogue.grammar import OPERATORS
from neurologist.functional import approximations
from neurologist.functional.shelf import shelved

HALF = (torch.float16, torch.bfloat16)
PLAIN = (  # words that torch calls by the same name
    *("exp", "log", "expm1", "sqrt", "erf", "erfc", "tanh"),
    *("sin", "cos", "sinh", "cosh", "asinh", "atan"),
)


class Tensors:
    """Tensors of one dtype; vector words run along `dim`. Parameters may be floats or tensors."""

    def __init__(self, dtype: torch.dtype, dim: int) -> None:
        self.dtype = dtype
        self.dim = dim
        own: dict[str, Callable[..., Any]] = {
            **{name: _either(getattr(torch, name), FLOATS.word(name)) for name in PLAIN},
            "abs": abs,
            "log1p": _either(log1p, FLOATS.word("log1p")),
            "sign": _either(torch.sign, FLOATS.word("sign")),
            "softplus": _either(self._softplus, FLOATS.word("softplus")),
            "erfc": _either(self._erfc, FLOATS.word("erfc")),
            "sigmoid": _either(self._sigmoid, FLOATS.word("sigmoid")),
            "gauss": _either(self._gauss, FLOATS.word("gauss")),
            "bell": _either(lambda u: self._gauss(u, 0.5), FLOATS.word("bell")),
            "hypot": _hypot,
            "where": self._where,
            "max": lambda *args: _larger(*args) if len(args) == 2 else args[0].amax(dim, keepdim=True),
            "min": lambda *args: _smaller(*args) if len(args) == 2 else args[0].amin(dim, keepdim=True),
            "sum": lambda x: x.sum(dim, keepdim=True),
            "logsumexp": lambda x: x.logsumexp(dim, keepdim=True),
            "softmax": lambda x: x.softmax(dim),
            "top": self._top,
            "sort": lambda x: x.sort(dim, descending=True).values,
            "cumsum": lambda x: x.cumsum(dim),
            "rank": self._rank,
            "first": lambda x: self._half(x, 0),
            "second": lambda x: self._half(x, 1),
            "join": lambda a, b: torch.cat([a, b], dim),
            "pick": lambda z, t: z.gather(dim, t.unsqueeze(dim)),
        }
        self.words: Mapping[str, Callable[..., Any]] = own
        self.operators: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {**OPERATORS, ast.Div: self._over}

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""
        return self.words[name]

    def number(self, text: str) -> float:
        """A literal, as a float: torch takes a Python float at the tensor's own precision."""
        return FLOATS.number(text)

    def _sigmoid(self, x: Tensor) -> Any:
        # torch's is 0 from about -88.7 on, where x times it is not yet.
        small = torch.exp(-x.abs())
        return self._where(x < 0, small, 1.0) / (1 + small)

    def _softplus(self, x: Tensor) -> Tensor:
        small = torch.exp(-x.abs())
        rest = approximations.log1p_of_share(small) if self._approximate() else log1p(small)
        return x.clamp(min=0) + rest

    def _erfc(self, x: Tensor) -> Tensor:
        return approximations.erfc(x, self._gauss(x)) if self._approximate() else torch.erfc(x)

    def _gauss(self, u: Tensor, scale: float = 1.0) -> Tensor:
        return approximations.gauss(u, scale) if self._approximate() else _gauss(u, scale)

    def _over(self, left: Any, right: Any) -> Any:
        """A quotient; compiled, a factor in place of a number below: a division costs as much as a short polynomial."""
        by_number = isinstance(left, Tensor) and isinstance(right, float) and right != 0
        return left * (1 / right) if by_number and self._approximate() else left / right

    def _approximate(self) -> bool:
        return self.dtype is torch.float32 and torch.compiler.is_compiling()

    def _rank(self, x: Tensor) -> Tensor:
        length = x.shape[self.dim]
        shape = [length if d == self.dim % x.ndim else 1 for d in range(x.ndim)]
        return torch.arange(1, length + 1, dtype=x.dtype, device=x.device).view(shape)

    def _top(self, x: Tensor) -> Tensor:
        first = x.detach().argmax(self.dim, keepdim=True)
        return torch.zeros_like(x).scatter(self.dim, first, 1.0)

    def _half(self, x: Tensor, which: int) -> Tensor:
        length = x.shape[self.dim]
        even(length)
        return x.narrow(self.dim, which * (length // 2), length // 2)

    def _where(self, test: Any, then: Any, other: Any) -> Any:
        if not isinstance(test, Tensor):
            return then if test else other
        if not isinstance(then, Tensor) and not isinstance(other, Tensor):
            # Two floats would give the default dtype, and lose digits where x is float64.
            then = torch.scalar_tensor(then, dtype=self.dtype, device=test.device)
        return torch.where(test, then, other)


class Blocks(Tensors):
    """Plain tensors on the processor, without autograd, as `functional.blocks` hands them out."""

    def _sigmoid(self, x: Tensor) -> Any:
        found = torch.sigmoid(x)  # in one pass; looking at a block's least entry costs less than a second one
        return super()._sigmoid(x) if x.numel() and not x.amin() > -60 else found

    def _where(self, test: Any, then: Any, other: Any) -> Any:
        """torch.where takes a branch per entry, which a random mask makes slow; blending bits takes none."""
        if not isinstance(test, Tensor):
            return then if test else other
        kind = torch.int64 if self.dtype is torch.float64 else torch.int32
        ours, theirs = (self._bits(side, kind) for side in (then, other))
        mask = test.to(kind).neg_()
        return ((ours ^ theirs) & mask ^ theirs).view(self.dtype)

    def _bits(self, value: Any, kind: torch.dtype) -> Tensor:
        return torch.as_tensor(value, dtype=self.dtype).view(kind)


@shelved
def program(formula: str, dtype: torch.dtype, dim: int = -1, blocks: bool = False) -> Compiled:
    """The formula as a callable on tensors of this dtype."""
    return compile_formula(formula, (Blocks if blocks else Tensors)(dtype, dim))


def working_dtype(like: Tensor, wide: bool = False) -> torch.dtype:
    """What to compute in: float64 where it is to be `wide` and the device has it; else half precision in float32."""
    if wide and like.device.type != "mps":
        return torch.float64
    return torch.float32 if like.dtype in HALF else like.dtype


def compute(
    formula: str, values: Mapping[str, Any], like: Tensor, dim: int = -1, wide: bool = False, blocks: bool = False
) -> Tensor:
    """The formula's value, with `like`'s dtype and shape; computed in the working dtype and rounded once."""
    dtype = working_dtype(like, wide)
    if dtype is not like.dtype:
        values = {name: widened(value, dtype) for name, value in values.items()}
    result = program(formula, dtype, dim, blocks)(values)
    if not isinstance(result, Tensor):
        return torch.full_like(like, result)
    return result if result.dtype is like.dtype else result.to(like.dtype)


def widened(value: Any, dtype: torch.dtype) -> Any:
    """A tensor of floats in `dtype`; anything else as it is."""
    return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value


def log1p(x: Tensor) -> Tensor:
    """log(1 + x); torch's own is 0 at the least subnormal number."""
    found = torch.log1p(x)
    return torch.where(found == 0, x, found)


def _either(of_tensor: Callable[..., Any], of_float: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: of_tensor(x) if isinstance(x, Tensor) else of_float(x)


def _gauss(u: Tensor, scale: float) -> Tensor:
    near = u.abs().clamp(max=64.0)  # beyond it is 0 in every dtype
    split = near * (134217729.0 if u.dtype is torch.float64 else 4097.0)
    high = split - (split - near)  # half the digits (Dekker 1971), so that its square is exact
    square = near * near
    rest = (near - high) * (near + high) + (high * high - square)  # what rounding took from the square
    return torch.exp(-scale * square) * (1 - scale * rest)


def _hypot(u: Any, v: Any) -> Any:
    if not isinstance(u, Tensor) and not isinstance(v, Tensor):
        return math.hypot(u, v)
    like = u if isinstance(u, Tensor) else v
    u, v = (side if isinstance(side, Tensor) else torch.full_like(like, side) for side in (u, v))
    if not torch.compiler.is_compiling():
        return torch.hypot(u, v)
    u, v = u.abs(), v.abs()  # inductor calls the library's hypot entry by entry
    large = torch.maximum(u, v)
    small = torch.minimum(u, v) / torch.where(large > 0, large, 1.0)
    return torch.where(large < math.inf, large * torch.sqrt(1 + small * small), large)


def _larger(a: Any, b: Any) -> Any:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.maximum(a, b)
    if isinstance(a, Tensor):
        return a.clamp(min=b)
    return b.clamp(min=a) if isinstance(b, Tensor) else max(a, b)


def _smaller(a: Any, b: Any) -> Any:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.minimum(a, b)
    if isinstance(a, Tensor):
        return a.clamp(max=b)
    return b.clamp(max=a) if isinstance(b, Tensor) else min(a, b)
