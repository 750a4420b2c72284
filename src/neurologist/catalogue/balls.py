"""What the words of a formula mean for python-flint's balls: numbers with an error bound that holds whatever happens.

Two uses. A ball around one float is a second oracle, much faster than `catalogue.oracle`, and one that knows its own
error. A ball as wide as an interval bounds a formula over that whole interval, which is a proof.
May import: `catalogue.backends`, `catalogue.expression`; flint inside functions. Functions of numbers only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from neurologist.catalogue.backends import VECTOR
from neurologist.catalogue.expression import OPERATORS, Compiled, compile_formula

LADDER = (128, 512, 2048, 8192)  # bits to try until the ball is narrow enough
ENOUGH = 100  # bits that are to be right
NOTHING = -1300  # a ball within 2^-1300 of 0 is 0 in every dtype


class Balls:
    """python-flint's `arb` at the working precision. A comparison that a ball leaves open gives None."""

    @cached_property
    def operators(self) -> Mapping[type[ast.AST], Callable[[Any, Any], Any]]:
        """Python's operators, with comparisons of three outcomes."""
        return {
            **OPERATORS,
            ast.Pow: _power,
            ast.Lt: lambda a, b: _decided(a < b, a >= b),
            ast.LtE: lambda a, b: _decided(a <= b, a > b),
            ast.Gt: lambda a, b: _decided(a > b, a <= b),
            ast.GtE: lambda a, b: _decided(a >= b, a < b),
            ast.Eq: lambda a, b: _decided(a == b, a != b),
        }

    @cached_property
    def words(self) -> Mapping[str, Callable[..., Any]]:
        """What every word means."""

        def never(*_: Any) -> Any:
            raise TypeError("this word needs a whole vector: balls are numbers")

        methods = ("exp", "log", "log1p", "expm1", "sqrt", "erf", "erfc", "tanh", "sin", "cos", "sinh", "cosh", "asinh")
        return {
            **{name: _method(name) for name in (*methods, "atan")},
            "abs": abs,
            "sign": lambda x: x.sgn(),
            "sigmoid": lambda x: 1 / (1 + (-x).exp()),
            "softplus": _softplus,
            "gauss": lambda u: (-u * u).exp(),
            "bell": lambda u: (-u * u / 2).exp(),
            "hypot": lambda u, v: (u * u + v * v).sqrt(),
            "where": _where,
            "max": lambda a, b: a.max(b),
            "min": lambda a, b: a.min(b),
            **dict.fromkeys(VECTOR, never),
        }

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""
        return self.words[name]

    def number(self, text: str) -> Any:
        """A literal or constant, at the precision of the moment."""
        from flint import arb

        named = {"pi": arb.pi, "e": arb.const_e, "inf": arb.pos_inf}
        return named[text]() if text in named else arb(text)


def bounds(formula: str, values: Mapping[str, float], symbol: str, low: float, high: float) -> tuple[float, float]:
    """Two numbers between which the formula stays while one symbol runs from `low` to `high`; both ends are outward.

    Args:
        formula: a formula in the names of `values` and `symbol`.
        values: what stays fixed.
        symbol: what runs.
        low: its least value.
        high: its largest value.
    """
    from flint import arb

    found = compile_formula(formula, Balls())({**_lifted(values), symbol: arb(low).union(arb(high))})
    if not isinstance(found, arb):
        found = arb(found)
    if not found.is_finite():
        return -float("inf"), float("inf")
    return float(found.lower()), float(found.upper())


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
            self._programs[bits] = compile_formula(self.formula, Balls()), _lifted(self._parameters)
        return self._programs[bits]


def _lifted(values: Mapping[str, float]) -> dict[str, Any]:
    from flint import arb

    return {name: arb(value) for name, value in values.items()}


def _vanishes(ball: Any) -> bool:
    from flint import arb

    return bool(abs(ball) < arb(2) ** NOTHING)


def _method(name: str) -> Callable[[Any], Any]:
    return lambda x: getattr(x, name)()


def _decided(yes: bool, no: bool) -> bool | None:
    return True if yes else False if no else None


def _where(test: bool | None, then: Any, other: Any) -> Any:
    if test is not None:
        return then if test else other
    from flint import arb

    return arb(then).union(arb(other))


def _power(base: Any, exponent: Any) -> Any:
    found = base**exponent
    if found.is_finite() or not exponent.is_exact():
        return found
    return base ** int(exponent.unique_fmpz()) if exponent.is_integer() else found  # a base that may be negative


def _softplus(x: Any) -> Any:
    from flint import arb

    return x.max(arb(0)) + (-abs(x)).exp().log1p()
