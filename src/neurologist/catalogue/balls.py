"""What the words of a formula mean for python-flint's balls: numbers with an error bound that holds whatever happens.

Two uses. A ball around one float is a second oracle, much faster than `catalogue.oracle`, and one that knows its own
error. A ball as wide as an interval bounds a formula over that whole interval, which is a proof.
May import: `catalogue.backends`, `catalogue.expression`; flint inside functions. Functions of numbers only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cached_property
from math import nextafter
from typing import Any

from neurologist.catalogue.backends import VECTOR
from neurologist.catalogue.expression import OPERATORS, Compiled, compile_formula

LADDER = (128, 512, 2048, 8192)  # bits to try until the ball is narrow enough
ENOUGH = 100  # bits that are to be right
NOTHING = -1300  # a ball within 2^-1300 of 0 is 0 in every dtype
BEYOND = 1100  # no float reaches 2^1100: only an exponential of an exponential does
NARROW = 20  # bits of a ball that arb's own functions bound well; wider ones go by their ends
MONOTONE = ("log", "log1p", "expm1", "erf", "erfc", "tanh", "sinh", "asinh", "atan")


class Balls:
    """python-flint's `arb` at the working precision. A comparison that a ball leaves open gives None.

    Args:
        limits: take the exponential of anything beyond 2^1100 for infinite, so that its inverse is 0 and not unknown.
            For single floats: the error is less than e^-(2^1100), but it is none that the ball has in it.

    Attributes:
        open: whether some comparison was left open since this was last set to False.
    """

    def __init__(self, limits: bool = False) -> None:
        self.limits = limits
        self.open = False

    @cached_property
    def operators(self) -> Mapping[type[ast.AST], Callable[[Any, Any], Any]]:
        """Python's operators, with comparisons of three outcomes."""
        return {
            **OPERATORS,
            ast.Pow: _power,
            ast.Lt: lambda a, b: self._decided(a < b, a >= b),
            ast.LtE: lambda a, b: self._decided(a <= b, a > b),
            ast.Gt: lambda a, b: self._decided(a > b, a <= b),
            ast.GtE: lambda a, b: self._decided(a >= b, a < b),
            ast.Eq: lambda a, b: self._decided(a == b, a != b),
        }

    def _decided(self, yes: bool, no: bool) -> bool | None:
        self.open = self.open or not (yes or no)
        return True if yes else False if no else None

    @cached_property
    def words(self) -> Mapping[str, Callable[..., Any]]:
        """What every word means."""
        exp = self._exp
        return {
            **{name: _by_ends(_method(name)) for name in MONOTONE},
            **{name: _method(name) for name in ("sin", "cos", "cosh")},
            "exp": _by_ends(exp),
            "sqrt": _root,
            "abs": abs,
            "sign": lambda x: x.sgn(),
            "sigmoid": _by_ends(lambda x: 1 / (1 + exp(-x))),
            "softplus": _by_ends(lambda x: x.max(_zero()) + exp(-abs(x)).log1p()),
            "gauss": lambda u: exp(-_square(u)),
            "bell": lambda u: exp(-_square(u) / 2),
            "hypot": lambda u, v: _root(_square(u) + _square(v)),
            "where": _where,
            "max": lambda a, b: a.max(b),
            "min": lambda a, b: a.min(b),
            **dict.fromkeys(VECTOR, _never),
        }

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""
        return self.words[name]

    def number(self, text: str) -> Any:
        """A literal or constant, at the precision of the moment."""
        from flint import arb

        named = {"pi": arb.pi, "e": arb.const_e, "inf": arb.pos_inf}
        return named[text]() if text in named else arb(text)

    def _exp(self, x: Any) -> Any:
        found = x.exp()
        if found.is_finite() or not x.is_finite():
            return found
        from flint import arb, ctx

        if self.limits and x > arb(2) ** BEYOND:
            return arb.pos_inf()
        with ctx.workprec(ctx.prec + BEYOND):  # a float's own bits before the point, which the remainder by log 2 takes
            return x.exp()


class Bounds:
    """A formula over intervals of `x`: two numbers between which it stays, rounded outward.

    Args:
        formula: a formula in `x` and the parameters.
        parameters: their values.
    """

    def __init__(self, formula: str, parameters: Mapping[str, float]) -> None:
        self._balls = Balls()
        self._run = compile_formula(formula, self._balls)
        self._given = _lifted(parameters)

    def __call__(self, low: float, high: float) -> tuple[float, float, bool]:
        """Lower and upper bound over [low, high], and whether no comparison was left open there."""
        from flint import arb

        self._balls.open = False
        found = self._run({**self._given, "x": arb(low).union(arb(high))})
        found = found if isinstance(found, arb) else arb(found)
        if not found.is_finite():
            return -float("inf"), float("inf"), False
        return _down(float(found.lower())), _up(float(found.upper())), not self._balls.open


class Oracle:
    """A formula's value at single floats, right to `ENOUGH` bits.

    Attributes:
        formula: the formula, in `x` and the parameters.
    """

    def __init__(self, formula: str, parameters: Mapping[str, float]) -> None:
        self.formula = formula
        self._parameters = dict(parameters)
        self._programs: dict[int, tuple[Compiled, dict[str, Any]]] = {}

    def __call__(self, x: float) -> Any:
        """The value as a ball, or None where no precision of the ladder is enough or it is not finite."""
        from flint import arb, ctx

        for bits in LADDER:
            with ctx.workprec(bits):
                run, given = self._program(bits)
                found = run({**given, "x": arb(x)})
                found = found if isinstance(found, arb) else arb(found)
                if found.is_finite() and (found.rel_accuracy_bits() >= ENOUGH or _vanishes(found)):
                    return found
        return None

    def _program(self, bits: int) -> tuple[Compiled, dict[str, Any]]:
        if bits not in self._programs:  # constants are read at the precision of the moment
            self._programs[bits] = compile_formula(self.formula, Balls(limits=True)), _lifted(self._parameters)
        return self._programs[bits]


def _lifted(values: Mapping[str, float]) -> dict[str, Any]:
    from flint import arb

    return {name: arb(value) for name, value in values.items()}


def _down(value: float) -> float:
    return nextafter(value, -float("inf"))


def _up(value: float) -> float:
    return nextafter(value, float("inf"))


def _vanishes(ball: Any) -> bool:
    from flint import arb

    return bool(abs(ball) < arb(2) ** NOTHING)


def _never(*_: Any) -> Any:
    raise TypeError("this word needs a whole vector: balls are numbers")


def _zero() -> Any:
    from flint import arb

    return arb(0)


def _method(name: str) -> Callable[[Any], Any]:
    return lambda x: getattr(x, name)()


def _by_ends(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A monotone function, of a wide ball by its ends: as narrow as can be."""

    def apply(x: Any) -> Any:
        if x.rel_accuracy_bits() >= NARROW or x.is_exact():
            return function(x)
        return function(x.lower()).union(function(x.upper()))

    return apply


def _where(test: bool | None, then: Any, other: Any) -> Any:
    if test is not None:
        return then if test else other
    from flint import arb

    return arb(then).union(arb(other))


def _power(base: Any, exponent: Any) -> Any:
    """A power; arb itself knows nothing about powers of a ball around 0."""
    from flint import arb

    if not base.contains(arb(0)) or base.is_exact() or not (exponent.is_exact() and exponent > 0):
        return base**exponent
    high = base.upper() ** exponent
    if not exponent.is_integer():
        return arb(0).union(high)  # of what lies below 0 there is none
    return arb(0).union(base.lower() ** exponent).union(high)


def _root(x: Any) -> Any:
    from flint import arb

    found = x.sqrt()
    if found.is_finite() or x.is_exact() or not x.contains(arb(0)):
        return found
    return arb(0).union(x.upper().sqrt())  # a ball around 0: of what lies below 0 there is none


def _square(x: Any) -> Any:
    from flint import arb

    return _power(x, arb(2))
