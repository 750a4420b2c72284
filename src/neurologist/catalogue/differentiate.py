"""The derivative of a formula, as a formula: one rule per word, so that no SymPy is needed while a network trains.

Rules are chosen for their rounding: tanh' is 4 sigmoid(2u) sigmoid(-2u), which keeps its digits where 1 - tanh^2
has lost them all. At a kink the rules give the side that torch gives (max(x, 0) has slope 0 at 0).
Where the branches of a smooth function meet, the slope is that of the branch taken: within it, abs, max and min of what
its test compares have the slope of the side that the test has chosen, and choose none of their own.
May import: `catalogue.expression`. To add a word's derivative: one line in `RULES`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from neurologist.catalogue.errors import FormulaError
from neurologist.catalogue.expression import names_in, parse
from neurologist.catalogue.grammar import shortened

RULES: Mapping[str, str] = {  # derivative by u
    "exp": "exp(u)",
    "log": "1 / u",
    "log1p": "1 / (1 + u)",
    "expm1": "exp(u)",
    "sqrt": "0.5 / sqrt(u)",
    "abs": "sign(u)",
    "sign": "0",
    "tanh": "4 * sigmoid(2 * u) * sigmoid(-2 * u)",
    "sigmoid": "sigmoid(u) * sigmoid(-u)",
    "softplus": "sigmoid(u)",
    "erf": "2 / sqrt(pi) * gauss(u)",
    "erfc": "-2 / sqrt(pi) * gauss(u)",
    "gauss": "-2 * (u * gauss(u))",
    "bell": "-(u * bell(u))",
    "sin": "cos(u)",
    "cos": "-sin(u)",
    "sinh": "cosh(u)",
    "cosh": "sinh(u)",
    "asinh": "1 / hypot(1, u)",
    "atan": "1 / (1 + u ** 2)",
}
DECIDED = "decided"  # a mark while a branch is differentiated: (what stands there, the side that its test has chosen)
ZERO = ast.Constant(0)
ONE = ast.Constant(1)


@lru_cache(maxsize=4096)
def differentiate(text: str, by: str) -> str:
    """The derivative of a formula by one of its names.

    >>> differentiate("x * sigmoid(b * x)", "x")
    'sigmoid(b * x) + x * (sigmoid(b * x) * sigmoid(-(b * x)) * b)'
    """
    try:
        return ast.unparse(_slope(parse(text), by))
    except RecursionError:
        raise FormulaError(f"formula {shortened(text)} has a slope nested too deep: expected a shallower one") from None


def _slope(node: ast.expr, by: str) -> ast.expr:
    if by not in names_in(node):
        return ZERO
    match node:
        case ast.Name():
            return ONE
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _negative(_slope(operand, by))
        case ast.UnaryOp(operand=operand):
            return _slope(operand, by)
        case ast.BinOp():
            return _operator(node, by)
        case ast.Call(func=ast.Name(id=word), args=arguments):
            return _word(word, arguments, by)
    raise FormulaError(f"formula {ast.unparse(node)!r} has no slope: a comparison may only be the first part of where")


def _operator(node: ast.BinOp, by: str) -> ast.expr:
    left, right = node.left, node.right
    match node.op:
        case ast.Add():
            return _sum(_slope(left, by), _slope(right, by))
        case ast.Sub():
            return _sum(_slope(left, by), _negative(_slope(right, by)))
        case ast.Mult():
            return _sum(_product(_slope(left, by), right), _product(left, _slope(right, by)))
        case ast.Div():
            over = ast.BinOp(_product(left, _slope(right, by)), ast.Div(), ast.BinOp(right, ast.Pow(), ast.Constant(2)))
            first = _quotient(_slope(left, by), right)
            return first if _is(_slope(right, by), 0) else _sum(first, _negative(over))
    return _power(left, right, by)


def _power(base: ast.expr, exponent: ast.expr, by: str) -> ast.expr:
    if _may_be_flat(base, exponent) and by not in names_in(exponent):
        return _slope(_each_branch(base, exponent), by)
    power = ast.BinOp(base, ast.Pow(), exponent)
    if by in names_in(exponent):
        by_exponent = _product(_product(power, _call("log", base)), _slope(exponent, by))
        return by_exponent if by not in names_in(base) else _sum(by_exponent, _by_base(base, exponent, by))
    return _by_base(base, exponent, by)


def _may_be_flat(base: ast.expr, exponent: ast.expr) -> bool:
    """Whether a power of a base with branches may become 0 times infinity where one of them is 0, as at max(x, 0)."""
    whole = isinstance(exponent, ast.Constant) and isinstance(exponent.value, int) and exponent.value >= 0
    return _is_branching(base) and not whole


def _each_branch(base: ast.expr, exponent: ast.expr) -> ast.expr:
    """The power of each branch, instead of the power of what the branches give."""
    match base:
        case ast.Call(func=ast.Name(id="where"), args=[test, then, other]):
            return _where(test, _raised(then, exponent), _raised(other, exponent))
        case ast.Call(func=ast.Name(id=word), args=[then, other]):
            # of the whole rather than of the side alone, which may be negative where it is not taken
            powers = (_raised(side if _is_branching(side) else base, exponent) for side in (then, other))
            return _where(_first_wins(word, then, other), *powers)
    return _raised(base, exponent)


def _raised(base: ast.expr, exponent: ast.expr) -> ast.expr:
    return ast.BinOp(base, ast.Pow(), exponent)


def _first_wins(word: str, first: ast.expr, second: ast.expr) -> ast.Compare:
    """When the max or the min of two is the first."""
    return ast.Compare(first, [ast.Gt() if word == "max" else ast.Lt()], [second])


def _is_branching(node: ast.expr) -> bool:
    return _is_word(node, "where", "max", "min")


def _is_word(node: ast.expr, *words: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in words


def _by_base(base: ast.expr, exponent: ast.expr, by: str) -> ast.expr:
    if _is(exponent, 2):
        return _product(_product(exponent, base), _slope(base, by))
    less = (
        ast.Constant(exponent.value - 1)
        if isinstance(exponent, ast.Constant) and isinstance(exponent.value, (int, float))
        else ast.BinOp(exponent, ast.Sub(), ONE)
    )
    return _product(_product(exponent, ast.BinOp(base, ast.Pow(), less)), _slope(base, by))


def _word(word: str, arguments: list[ast.expr], by: str) -> ast.expr:
    if word == DECIDED:
        return _slope(arguments[1], by)
    if word == "where":
        return _of_branches(arguments[0], arguments[1], arguments[2], by)
    if word in ("max", "min") and len(arguments) == 2:
        return _of_branches(_first_wins(word, arguments[0], arguments[1]), arguments[0], arguments[1], by)
    if word == "hypot":
        length = _call("hypot", *arguments)
        first, second = (_product(side, _slope(side, by)) for side in arguments)
        return _sum(_quotient(first, length), _quotient(second, length))
    if word not in RULES:
        raise FormulaError(f"{word!r} mixes the entries of a vector: its derivative is a matrix, not a formula")
    outer = _substitute(parse(RULES[word]), arguments[0])
    return _product(outer, _slope(arguments[0], by))


def _of_branches(test: ast.expr, then: ast.expr, other: ast.expr, by: str) -> ast.expr:
    slopes = [_slope(_decided(branch, test, holds), by) for branch, holds in ((then, True), (other, False))]
    return _where(test, *map(_undecided, slopes))


def _decided(branch: ast.expr, test: ast.expr, holds: bool) -> ast.expr:
    """A branch in which abs, max and min of what the test compares are marked with the side that it has chosen."""
    match test:
        case ast.Compare(left=left, ops=[ast.Gt() | ast.GtE()], comparators=[right]):
            large, small = (left, right) if holds else (right, left)
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE()], comparators=[right]):
            large, small = (right, left) if holds else (left, right)
        case _:
            return branch
    sides: list[tuple[ast.Call, ast.expr]] = []
    for a, b in ((large, small), (small, large)):
        sides += [(_call("max", a, b), large), (_call("min", a, b), small)]
    if _is(small, 0):
        sides.append((_call("abs", large), large))
    if _is(large, 0):
        sides.append((_call("abs", small), _negative(small)))
    parts = (part for part in ast.walk(branch) if isinstance(part, ast.expr))
    if not any(_is_word(part, "abs", "max", "min") for part in parts):
        return branch
    known = {ast.dump(_copied(call)): side for call, side in sides}

    class Mark(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            side = known.get(ast.dump(node))
            return self.generic_visit(node) if side is None else _call(DECIDED, node, side)  # type: ignore[return-value]

    marked: ast.expr = Mark().visit(_copied(branch))
    return marked


def _undecided(slope: ast.expr) -> ast.expr:
    """The slope of a marked branch without its marks: values stay as they were written."""

    class Unmark(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            return node.args[0] if _is_word(node, DECIDED) else self.generic_visit(node)  # type: ignore[return-value]

    plain: ast.expr = Unmark().visit(slope)
    return plain


def _call(word: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(word), list(arguments), [])


def _copied(node: ast.expr) -> ast.expr:
    """A tree of its own: those that have been read are shared."""
    return ast.parse(ast.unparse(node), mode="eval").body


def _where(test: ast.expr, then: ast.expr, other: ast.expr) -> ast.expr:
    if isinstance(then, ast.Constant) and isinstance(other, ast.Constant) and then.value == other.value:
        return then
    return _call("where", test, then, other)


def _substitute(rule: ast.expr, inner: ast.expr) -> ast.expr:
    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return inner if node.id == "u" else node

    fresh = ast.parse(ast.unparse(rule), mode="eval").body
    result: ast.expr = Put().visit(fresh)
    return result


def _is(node: ast.expr, value: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _sum(left: ast.expr, right: ast.expr) -> ast.expr:
    if _is(left, 0):
        return right
    if _is(right, 0):
        return left
    if isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.USub):
        return ast.BinOp(left, ast.Sub(), right.operand)
    return ast.BinOp(left, ast.Add(), right)


def _product(left: ast.expr, right: ast.expr) -> ast.expr:
    if _is(left, 0) or _is(right, 0):
        return ZERO
    if _is(left, 1):
        return right
    if _is(right, 1):
        return left
    return ast.BinOp(left, ast.Mult(), right)


def _quotient(left: ast.expr, right: ast.expr) -> ast.expr:
    return ZERO if _is(left, 0) else ast.BinOp(left, ast.Div(), right)


def _negative(node: ast.expr) -> ast.expr:
    if _is(node, 0):
        return node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    return ast.UnaryOp(ast.USub(), node)
