"""Rewriting a formula so that it neither overflows nor cancels: the same function in better words.

Each pattern is an identity of calculus, so a rewritten formula needs checking only for typing errors in this file.
May import: `catalogue.expression`. To add a rewriting: a line in `PATTERNS`, tried in order from the leaves up.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from neurologist.catalogue.expression import WORDS, parse

PATTERNS = (  # u and v stand for any expressions
    ("u / (1 + exp(v))", "u * sigmoid(-(v))"),
    ("u / (exp(v) + 1)", "u * sigmoid(-(v))"),
    ("exp(v) / (1 + exp(v))", "sigmoid(v)"),
    ("log(1 + exp(v))", "softplus(v)"),
    ("log(exp(v) + 1)", "softplus(v)"),
    ("log(1 + v)", "log1p(v)"),
    ("exp(v) - 1", "expm1(v)"),
    ("1 - exp(v)", "-expm1(v)"),
    ("1 - erf(v)", "erfc(v)"),
    ("1 + erf(v)", "erfc(-(v))"),
    ("(exp(v) - exp(-v)) / (exp(v) + exp(-v))", "tanh(v)"),
    ("1 * v", "v"),
    ("--v", "v"),
    ("-(-u * v)", "u * v"),
    ("-(-u / v)", "u / v"),
)


@lru_cache(maxsize=1024)
def stabilise(text: str) -> str:
    """The formula with every known unstable pattern replaced.

    >>> stabilise("x / (1 + exp(-b * x))")
    'x * sigmoid(b * x)'
    >>> stabilise("x * tanh(log(1 + exp(x)))")
    'x * tanh(softplus(x))'
    """
    tree = parse(text)
    for _ in range(4):  # a replacement may make room for another
        tree = _improved(tree)
    return ast.unparse(tree)


def _improved(node: ast.expr) -> ast.expr:
    for pattern, better in PATTERNS:
        found: dict[str, ast.expr] = {}
        if _match(parse(pattern), node, found):
            return _improved(_put(ast.parse(better, mode="eval").body, found))
    return _rebuilt(node)


def _rebuilt(node: ast.expr) -> ast.expr:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(_improved(left), op, _improved(right))
        case ast.UnaryOp(op=op, operand=operand):
            return ast.UnaryOp(op, _improved(operand))
        case ast.Compare(left=left, ops=ops, comparators=[right]):
            return ast.Compare(_improved(left), ops, [_improved(right)])
        case ast.Call(func=func, args=args):
            return ast.Call(func, [_improved(argument) for argument in args], [])
    return node


def _match(pattern: ast.expr, node: ast.expr, found: dict[str, ast.expr]) -> bool:
    """Whether a node has the pattern's form; what its letters stand for is put into `found`."""
    match pattern, node:
        case ast.Name(id="u" | "v" as letter), _:
            return ast.dump(found.setdefault(letter, node)) == ast.dump(node)
        case (ast.Constant(), ast.Constant()) | (ast.Name(), ast.Name()):
            return ast.dump(pattern) == ast.dump(node)
        case ast.BinOp(), ast.BinOp():
            sides = ((pattern.left, node.left), (pattern.right, node.right))
            return type(pattern.op) is type(node.op) and all(_match(p, n, found) for p, n in sides)
        case ast.UnaryOp(), ast.UnaryOp():
            return type(pattern.op) is type(node.op) and _match(pattern.operand, node.operand, found)
        case ast.Call(func=ast.Name(id=word), args=[inner]), ast.Call(func=ast.Name(id=other), args=[argument]):
            return word == other and word in WORDS and _match(inner, argument, found)
    return False


class _Put(ast.NodeTransformer):
    def __init__(self, found: dict[str, ast.expr]) -> None:
        self.found = found

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A letter of the pattern becomes what it stood for."""
        return self.found.get(node.id, node)


def _put(tree: ast.expr, found: dict[str, ast.expr]) -> ast.expr:
    result: ast.expr = _Put(found).visit(tree)
    return result
