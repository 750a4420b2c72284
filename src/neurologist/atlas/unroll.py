"""A formula over vectors as formulas over their entries, so that it can be differentiated and drawn like any other.

`sum(x ** 2)` over two entries is `a ** 2 + b ** 2`. Only for short vectors: what compares all entries grows with
their square.
May import: `catalogue`. A new vector word of the language needs one line in `_WORDS`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import accumulate

from neurologist.catalogue.backends import even
from neurologist.catalogue.expression import parse

Entries = list[ast.expr]


def unroll(formula: str, vectors: Mapping[str, Sequence[str]]) -> list[str]:
    """The formula of each entry of the result; of one entry where the formula makes one number.

    Args:
        formula: any formula.
        vectors: name -> the formulas of its entries; one formula for a number.

    >>> unroll("x / sum(x)", {"x": ["a", "2"]})
    ['a / (a + 2)', '2 / (a + 2)']
    """
    given = {name: [parse(entry) for entry in entries] for name, entries in vectors.items()}
    return [ast.unparse(entry) for entry in _entries(parse(formula), given)]


def _entries(node: ast.expr, given: Mapping[str, Entries]) -> Entries:
    match node:
        case ast.Name(id=name):
            return given.get(name, [node])
        case ast.UnaryOp(op=op, operand=operand):
            return [ast.UnaryOp(op, entry) for entry in _entries(operand, given)]
        case ast.BinOp(op=op, left=left, right=right):
            return [ast.BinOp(a, op, b) for a, b in _matched(_entries(left, given), _entries(right, given))]
        case ast.Compare(left=left, ops=ops, comparators=[right]):
            return [ast.Compare(a, ops, [b]) for a, b in _matched(_entries(left, given), _entries(right, given))]
        case ast.Call(func=ast.Name(id=word), args=args):
            parts = [_entries(argument, given) for argument in args]
            if word in _WORDS and (word not in ("max", "min") or len(parts) == 1):
                return _WORDS[word](*parts)
            return [_call(word, *entry) for entry in _matched(*parts)]
    return [node]


def _matched(*parts: Entries) -> list[tuple[ast.expr, ...]]:
    """Entry by entry; a part of one entry goes with every entry of the others."""
    length = max(map(len, parts))
    return list(zip(*(part * length if len(part) == 1 else part for part in parts), strict=True))


def _call(word: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(word), list(arguments), [])


def _plus(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.BinOp(a, ast.Add(), b)


def _most(x: Entries) -> ast.expr:
    """The largest; of equal ones the first, as `_top` has it, so that their slopes agree."""
    return reduce(lambda a, b: _call("where", ast.Compare(a, [ast.GtE()], [b]), a, b), x)


def _weights(x: Entries) -> Entries:
    """exp(x - max(x))."""
    return [_call("exp", ast.BinOp(entry, ast.Sub(), _most(x))) for entry in x]


def _softmax(x: Entries) -> Entries:
    return [ast.BinOp(weight, ast.Div(), reduce(_plus, _weights(x))) for weight in _weights(x)]


def _top(x: Entries) -> Entries:
    """1 at the first largest entry: above all before it, and not below any behind it."""

    def entry(at: int) -> ast.expr:
        found: ast.expr = ast.Constant(1)
        for other, against in enumerate(x):
            if other != at:
                test = ast.Compare(x[at], [ast.Gt() if other < at else ast.GtE()], [against])
                found = _call("where", test, found, ast.Constant(0))
        return found

    return [entry(at) for at in range(len(x))]


def _sort(x: Entries) -> Entries:
    """Largest first, by exchanging neighbours."""
    found = list(x)
    for last in range(len(x) - 1, 0, -1):
        for at in range(last):
            a, b = found[at], found[at + 1]
            found[at], found[at + 1] = _call("max", a, b), _call("min", a, b)
    return found


def _half(x: Entries, which: int) -> Entries:
    even(len(x))
    return x[which * len(x) // 2 :][: len(x) // 2]


_WORDS: Mapping[str, Callable[..., Entries]] = {
    "sum": lambda x: [reduce(_plus, x)],
    "max": lambda x: [_most(x)],
    "min": lambda x: [reduce(lambda a, b: _call("min", a, b), x)],
    "logsumexp": lambda x: [_plus(_most(x), _call("log", reduce(_plus, _weights(x))))],
    "softmax": _softmax,
    "top": _top,
    "sort": _sort,
    "cumsum": lambda x: list(accumulate(x, _plus)),
    "rank": lambda x: [ast.Constant(number) for number in range(1, len(x) + 1)],
    "first": lambda x: _half(x, 0),
    "second": lambda x: _half(x, 1),
    "join": lambda a, b: a + b,
}
