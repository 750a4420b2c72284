"""What the words of a formula mean for floats, NumPy arrays and SymPy expressions.

Floats need nothing; the other two import their library when first asked for. mpmath's meaning is in
`catalogue.exact`, torch's in `functional`.
May import: `catalogue.grammar`; NumPy and SymPy inside functions. To add a backend: a class with `word`
and `number`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from neurologist.catalogue.grammar import OPERATORS

# Words that NumPy and mpmath call by the same name.
SHARED = ("exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "tanh", "sin", "cos", "sinh", "cosh")
VECTOR = ("sum", "logsumexp", "softmax", "top", "sort", "cumsum", "rank", "first", "second", "join", "pick")


def _never(*_: Any) -> Any:
    raise TypeError("this word needs a whole vector: floats have none")


def _sigmoid(x: float) -> float:
    small = math.exp(-abs(x))
    return 1 / (1 + small) if x >= 0 else small / (1 + small)


class Floats:
    """Python's own floats."""

    # Python's own power is complex where the base is negative, which `math.pow` says.
    operators: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {**OPERATORS, ast.Pow: math.pow}

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""
        own: dict[str, Callable[..., Any]] = {
            "abs": abs,
            "sign": lambda x: (x > 0) - (x < 0),
            "sigmoid": _sigmoid,
            "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
            "gauss": lambda u: math.exp(-u * u),
            "bell": lambda u: math.exp(-u * u / 2),
            "where": lambda test, then, other: then if test else other,
            "max": max,
            "min": min,
            **dict.fromkeys(VECTOR, _never),
        }
        found: Callable[..., Any] = own[name] if name in own else getattr(math, name)
        return found

    def number(self, text: str) -> float:
        """A literal or constant."""
        named = {"pi": math.pi, "e": math.e, "inf": math.inf}
        return named[text] if text in named else float(text)


FLOATS = Floats()


class Arrays:
    """NumPy arrays; vector words run along `dim`."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    @cached_property
    def words(self) -> Mapping[str, Callable[..., Any]]:
        """What every word means."""
        import numpy as np

        return {
            **{name: getattr(np, name) for name in SHARED},
            "asinh": np.arcsinh,
            "atan": np.arctan,
            "sigmoid": self._sigmoid,
            "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
            "erf": lambda x: _each(math.erf, x),
            "erfc": lambda x: _each(math.erfc, x),
            "gauss": lambda u: self._gauss(u, 1.0),
            "bell": lambda u: self._gauss(u, 0.5),
            "hypot": np.hypot,
            "where": np.where,
            "max": self._largest(np.maximum, np.max),
            "min": self._largest(np.minimum, np.min),
            "sum": lambda x: np.sum(x, axis=self.dim, keepdims=True),
            "logsumexp": self._logsumexp,
            **entries(self.dim),
            "softmax": self._softmax,
            "pick": lambda z, t: np.take_along_axis(z, np.expand_dims(t, self.dim), self.dim),
        }

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""
        return self.words[name]

    def number(self, text: str) -> float:
        """A literal or constant."""
        return FLOATS.number(text)

    def _largest(self, of_two: Callable[..., Any], of_vector: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: of_two(*args) if len(args) == 2 else of_vector(args[0], axis=self.dim, keepdims=True)

    def _sigmoid(self, x: Any) -> Any:
        import numpy as np

        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1 / (1 + small), small / (1 + small))

    def _gauss(self, u: Any, scale: float) -> Any:
        import numpy as np

        near = np.minimum(np.abs(u), 64.0)  # beyond it is 0 in every dtype
        coarse = np.round(near * 16) / 16  # few bits, so that its square is exact
        return np.exp(-scale * coarse * coarse) * np.exp(scale * (coarse - near) * (coarse + near))

    def _softmax(self, x: Any) -> Any:
        import numpy as np

        weight = np.exp(x - np.max(x, axis=self.dim, keepdims=True))
        return weight / np.sum(weight, axis=self.dim, keepdims=True)

    def _logsumexp(self, x: Any) -> Any:
        import numpy as np

        top = np.max(x, axis=self.dim, keepdims=True)
        return top + np.log(np.sum(np.exp(x - top), axis=self.dim, keepdims=True))


def entries(dim: int) -> dict[str, Callable[..., Any]]:
    """Words that move the entries of a vector; for arrays of any kind of number."""
    import numpy as np

    def rank(x: Any) -> Any:
        length = np.shape(x)[dim]
        along = np.arange(1, length + 1).reshape([length if d == dim % np.ndim(x) else 1 for d in range(np.ndim(x))])
        return np.broadcast_to(along, np.shape(x))

    def half(x: Any, which: int) -> Any:
        even(np.shape(x)[dim])
        return np.split(x, 2, axis=dim)[which]

    return {
        "top": lambda x: np.where(rank(x) == np.expand_dims(np.argmax(x, axis=dim), dim) + 1, 1, 0),
        "sort": lambda x: np.flip(np.sort(x, axis=dim), axis=dim),
        "cumsum": lambda x: np.cumsum(x, axis=dim),
        "rank": rank,
        "first": lambda x: half(x, 0),
        "second": lambda x: half(x, 1),
        "join": lambda a, b: np.concatenate([a, b], axis=dim),
    }


def even(length: int) -> None:
    """A `ValueError` where a vector cannot be split in halves."""
    if length % 2:
        raise ValueError(f"got vectors of {length} entries: expected an even number, to be split in halves")


def _each(function: Callable[[float], float], x: Any) -> Any:
    """NumPy has no erf; math's is exact to rounding, at about 0.1 microseconds an entry."""
    import numpy as np

    array = np.asarray(x)
    kind = array.dtype if array.dtype.kind == "f" else np.dtype(float)
    flat = np.fromiter(map(function, array.ravel().tolist()), dtype=float, count=array.size)
    return flat.reshape(array.shape).astype(kind)


class Symbols:
    """SymPy expressions, for LaTeX and symbolic proofs; vector words stay undefined functions."""

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""
        import sympy as sp

        renamed = {"abs": "Abs", "max": "Max", "min": "Min"}
        own: dict[str, Callable[..., Any]] = {
            "sigmoid": lambda x: 1 / (1 + sp.exp(-x)),
            "softplus": lambda x: sp.log(1 + sp.exp(x)),
            "log1p": lambda x: sp.log(1 + x),
            "expm1": lambda x: sp.exp(x) - 1,
            "gauss": lambda u: sp.exp(-(u**2)),
            "bell": lambda u: sp.exp(-(u**2) / 2),
            "hypot": lambda u, v: sp.sqrt(u**2 + v**2),
            "where": lambda test, then, other: sp.Piecewise((then, test), (other, True)),
            **{word: sp.Function(word) for word in VECTOR},
        }
        found: Callable[..., Any] = own[name] if name in own else getattr(sp, renamed.get(name, name))
        return found

    def number(self, text: str) -> Any:
        """A literal or constant."""
        import sympy as sp

        named = {"pi": sp.pi, "e": sp.E, "inf": sp.oo}
        return named[text] if text in named else sp.Rational(text)


@lru_cache(maxsize=16)
def arrays(dim: int = -1) -> Arrays:
    """The NumPy backend for vectors along `dim`."""
    return Arrays(dim)


SYMBOLS = Symbols()
