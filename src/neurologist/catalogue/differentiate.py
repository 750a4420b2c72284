"""The derivative of a formula, as a formula: one rule per word, so that no SymPy is needed while a network trains.

Rules are chosen for their rounding: tanh' is 4 sigmoid(2u) sigmoid(-2u), which keeps its digits where 1 - tanh^2
has lost them all. At a kink the rules give the side that torch gives (max(x, 0) has slope 0 at 0).
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
    power = ast.BinOp(base, ast.Pow(), exponent)
    if by in names_in(exponent):
        by_exponent = _product(_product(power, ast.Call(ast.Name("log"), [base], [])), _slope(exponent, by))
        return by_exponent if by not in names_in(base) else _sum(by_exponent, _by_base(base, exponent, by))
    return _by_base(base, exponent, by)


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
    if word == "where":
        return _where(arguments[0], _slope(arguments[1], by), _slope(arguments[2], by))
    if word in ("max", "min") and len(arguments) == 2:
        test = ast.Compare(arguments[0], [ast.Gt() if word == "max" else ast.Lt()], [arguments[1]])
        return _where(test, _slope(arguments[0], by), _slope(arguments[1], by))
    if word == "hypot":
        length = ast.Call(ast.Name("hypot"), arguments, [])
        first, second = (_product(side, _slope(side, by)) for side in arguments)
        return _sum(_quotient(first, length), _quotient(second, length))
    if word not in RULES:
        raise FormulaError(f"{word!r} mixes the entries of a vector: its derivative is a matrix, not a formula")
    outer = _substitute(parse(RULES[word]), arguments[0])
    return _product(outer, _slope(arguments[0], by))


def _where(test: ast.expr, then: ast.expr, other: ast.expr) -> ast.expr:
    if isinstance(then, ast.Constant) and isinstance(other, ast.Constant) and then.value == other.value:
        return then
    return ast.Call(ast.Name("where"), [test, then, other], [])


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
