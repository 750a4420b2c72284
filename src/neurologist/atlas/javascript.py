"""Formulas in JavaScript: the small vocabulary over the page's floats, so that sliders and tangents work live.

Words are JavaScript's own where it has them; the rest stand in `page/numbers.js`, and the tails of erfc are a series
whose coefficients are computed here, from 40 digits.
May import: `catalogue`; mpmath inside functions. A new word of the language needs one line in `WORDS`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache

from neurologist.catalogue.errors import FormulaError
from neurologist.catalogue.expression import Parts

WORDS: Mapping[str, str] = {
    **{
        word: f"Math.{word}"
        for word in ("exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "tanh", "sin", "cos", "sinh", "cosh")
    },
    **{word: f"Math.{word}" for word in ("asinh", "atan", "hypot", "max", "min")},
    **{word: word for word in ("sigmoid", "softplus", "erf", "erfc", "gauss", "bell")},
}
OPERATORS: Mapping[type[ast.AST], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"},
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==="},
}
CONSTANTS: Mapping[str, str] = {"pi": "Math.PI", "e": "Math.E", "inf": "Infinity"}
RESERVED = frozenset({"lambda", "var", "let", "const", "function", "return", "in", "new", "delete"})  # JavaScript's
SERIES = 26  # coefficients; the last is below 1e-17
FOLD = 3.75  # maps [0, inf) to [-1, 1), with most of the room near 0, as Shepherd and Laframboise (1981) do


def function(formula: str, names: Iterable[str]) -> str:
    """An arrow function of the names; a part that occurs more than once is computed once.

    >>> function("x ** 2 * exp(-x ** 2)", ["x"])
    '(x)=>{const $0=(x**2);return ($0*Math.exp((-$0)))}'
    """
    # not the language's own `parse`: unrolled formulas are longer than anyone writes; `_plain` is a whitelist too
    writer = _Writer(ast.parse(formula, mode="eval").body)
    last = writer.text(writer.tree)
    named = f"const {','.join(writer.lines)};" if writer.lines else ""
    return f"({','.join(map(letter, names))})=>{{{named}return {last}}}"


def letter(name: str) -> str:
    """A name as JavaScript allows it."""
    return f"{name}_" if name in RESERVED else name


@lru_cache(maxsize=1)
def erfc_series() -> tuple[float, ...]:
    """Chebyshev coefficients of (1 + 2 x) exp(x^2) erfc(x) in (x - FOLD) / (x + FOLD), for x >= 0."""
    import mpmath as mp

    with mp.workdps(40):
        count = 2 * SERIES
        angles = [mp.pi * (k + mp.mpf(1) / 2) / count for k in range(count)]
        values = []
        for angle in angles:
            x = FOLD * (1 + mp.cos(angle)) / (1 - mp.cos(angle))
            values.append((1 + 2 * x) * mp.exp(x * x) * mp.erfc(x))
        found = [
            2 * sum(value * mp.cos(n * angle) for value, angle in zip(values, angles, strict=True)) / count
            for n in range(SERIES)
        ]
    return tuple(float(value) for value in found)


class _Writer:
    """Writes a checked tree; `lines` name what it repeats.

    Attributes:
        tree: the whole formula.
        lines: `name=expression`, each in terms of those before it.
    """

    def __init__(self, tree: ast.expr) -> None:
        self.tree = tree
        self.lines: list[str] = []
        self._parts = Parts(tree)
        self._named: dict[int, str] = {}

    def text(self, node: ast.expr) -> str:
        """An expression; a name where the part has one."""
        number = self._parts.number(node)
        if number in self._named:
            return self._named[number]
        made = self._plain(node)
        if self._parts.repeats(node):
            self._named[number] = f"${len(self.lines)}"
            self.lines.append(f"{self._named[number]}={made}")
            return self._named[number]
        return made

    def _plain(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=value):
                return repr(value)
            case ast.Name(id=name):
                return CONSTANTS.get(name) or letter(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self.text(operand)})"
            case ast.UnaryOp(operand=operand):
                return self.text(operand)
            case ast.BinOp(op=op, left=left, right=right):
                return f"({self.text(left)}{OPERATORS[type(op)]}{self.text(right)})"
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"{self.text(left)}{OPERATORS[type(op)]}{self.text(right)}"
            case ast.Call(func=ast.Name(id="where"), args=[test, then, other]):
                return f"({self.text(test)}?{self.text(then)}:{self.text(other)})"
            case ast.Call(func=ast.Name(id=word), args=args) if word in WORDS:
                return f"{WORDS[word]}({','.join(self.text(argument) for argument in args)})"
        raise FormulaError(f"{ast.unparse(node)!r} reads a whole vector: expected a formula of entries; unroll it")
