"""What the words of a formula mean for mpmath numbers, at any precision: what the oracle computes with.

May import: `catalogue.backends`, `catalogue.expression`; NumPy and mpmath inside functions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from neurologist.catalogue.backends import SHARED, entries
from neurologist.catalogue.expression import OPERATORS

FAR = 1e10  # beyond it tanh and erf differ from 1 by less than e^-1e10, and mpmath overflows


class Exact:
    """mpmath numbers at the working precision, or object arrays of them for the vector words.

    Attributes:
        cancelled: whether some sum so far has lost all its digits; the precision is then too low to be believed.
    """

    def __init__(self) -> None:
        self.cancelled = False

    @cached_property
    def operators(self) -> Mapping[type[ast.AST], Callable[[Any, Any], Any]]:
        """Python's operators, with sums that notice cancelling."""
        watched: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
            ast.Add: _spread(self._add),
            ast.Sub: _spread(lambda a, b: self._add(a, -b)),
            ast.Div: _spread(_ratio),
            ast.Pow: _spread(_power),
        }
        return {**OPERATORS, **watched}

    def _add(self, a: Any, b: Any) -> Any:
        import mpmath as mp

        total = a + b
        # 60 digits must be left, of which 50 are asked for.
        if a and b and mp.isfinite(total) and abs(total) < abs(a) * mp.mpf(10) ** (60 - mp.mp.dps):
            self.cancelled = True
        return total

    @cached_property
    def words(self) -> Mapping[str, Callable[..., Any]]:
        """What every word means."""
        import mpmath as mp

        scalar: dict[str, Callable[..., Any]] = {
            **{name: getattr(mp, name) for name in (*SHARED, "erf", "erfc", "asinh", "atan") if name != "abs"},
            **{name: _real(getattr(mp, name)) for name in ("log", "log1p", "sqrt")},
            "abs": abs,
            "exp": _exponential,
            "expm1": lambda u: mp.expm1(u) if _tame(u) else _exponential(u) - 1,
            "sinh": lambda u: mp.sinh(u) if _tame(u) else mp.sign(u) * mp.inf,
            "cosh": lambda u: mp.cosh(u) if _tame(u) else mp.inf,
            "sin": lambda u: mp.sin(u) if _tame(u) else mp.nan,  # its digits before the point fill the memory
            "cos": lambda u: mp.cos(u) if _tame(u) else mp.nan,
            "sigmoid": lambda x: 1 / (1 + _exponential(-x)),
            "softplus": lambda x: max(x, mp.mpf(0)) + mp.log1p(_exponential(-abs(x))),
            "erf": lambda u: mp.erf(u) if abs(u) < FAR else mp.sign(u),
            "erfc": lambda u: mp.erfc(u) if abs(u) < FAR else mp.mpf(u < 0) * 2,
            "tanh": lambda u: mp.tanh(u) if abs(u) < FAR else mp.sign(u),
            "gauss": lambda u: _exponential(-u * u),
            "bell": lambda u: _exponential(-u * u / 2),
            "hypot": mp.hypot,
            "where": lambda test, then, other: then if test else other,
        }
        return {name: _spread(function) for name, function in scalar.items()} | _vector_words(scalar)

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""
        return self.words[name]

    def number(self, text: str) -> Any:
        """A literal or constant."""
        import mpmath as mp

        # A constant must be read anew at every precision, so compile inside `mp.workdps`.
        named = {"pi": lambda: +mp.pi, "e": lambda: +mp.e, "inf": lambda: mp.inf}
        return named[text]() if text in named else mp.mpf(text)


def _real(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, and not a number where its value is complex."""
    import mpmath as mp

    def apply(*args: Any) -> Any:
        found = function(*args)
        return mp.nan if isinstance(found, mp.mpc) else found

    return apply


def _ratio(a: Any, b: Any) -> Any:
    """A quotient as floating point has it: in a branch that is not taken, the divisor may be 0."""
    import mpmath as mp

    if b == 0:
        return mp.nan if a == 0 else mp.sign(a) * mp.inf
    return a / b


def _tame(u: Any) -> bool:
    """Whether a number has at most 400 digits: of more, as in exp(-exp(1e300)), exponents would fill the memory."""
    import mpmath as mp

    return not mp.isfinite(u) or abs(u) <= mp.mpf(10) ** 400


def _exponential(x: Any) -> Any:
    """The exponential; 0 or infinity where its exponent would not be `_tame`."""
    import mpmath as mp

    return mp.exp(x) if _tame(x) else mp.inf if x > 0 else mp.mpf(0)


def _power(base: Any, exponent: Any) -> Any:
    """A power; 0 or infinity where its exponent would not be `_tame`."""
    import mpmath as mp

    if base == 0 and exponent < 0:  # as in `_ratio`
        return mp.inf
    if base < 0 and exponent != mp.floor(exponent):
        return mp.nan  # rather than a complex number, which takes long
    if _tame(exponent) or not mp.isfinite(base) or base in (0, 1):
        return base**exponent
    if base < 0:
        return mp.nan
    return mp.inf if (base > 1) == (exponent > 0) else mp.mpf(0)


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    import numpy as np

    def apply(*args: Any) -> Any:
        if any(isinstance(argument, np.ndarray) for argument in args):
            return np.frompyfunc(function, len(args), 1)(*args)
        return function(*args)

    return apply


def _vector_words(scalar: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    import numpy as np

    log, exp = _spread(scalar["log"]), _spread(scalar["exp"])
    pair_max, pair_min = _spread(max), _spread(min)
    return {
        "max": lambda *args: pair_max(*args) if len(args) == 2 else np.max(args[0], axis=-1, keepdims=True),
        "min": lambda *args: pair_min(*args) if len(args) == 2 else np.min(args[0], axis=-1, keepdims=True),
        "sum": lambda x: np.sum(x, axis=-1, keepdims=True),
        "logsumexp": lambda x: log(np.sum(exp(x), axis=-1, keepdims=True)),
        "softmax": lambda x: exp(x) / np.sum(exp(x), axis=-1, keepdims=True),
        **entries(-1),
        "pick": lambda z, t: np.take_along_axis(z, np.expand_dims(t, -1), -1),
    }
