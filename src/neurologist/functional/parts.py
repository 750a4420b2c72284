"""A long formula taken apart: what it repeats gets a name and a line of its own, for whoever reads it.

May import: `catalogue`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from neurologist.catalogue.expression import names_in, parse

NAMES = ("u", "v", "w", "r", "s", "q", "m", "n", "c", "d", "h", "k", "z")
READABLE = 100  # characters of a formula that is read at one go
SAVED = 25  # characters that naming a part must save
WHOLE = ("sum", "max", "min", "logsumexp")  # words that make one number of a vector
PLACED = ("rank", "top", "sort", "cumsum", "first", "second", "join", "softmax")  # words that give vectors

Parts = tuple[list[tuple[str, str]], str]


def parts(formula: str, readable: int = READABLE, saved: int = SAVED, taken: Collection[str] = ()) -> Parts:
    """The (name, formula) pairs of what a formula repeats, each in terms of those before it, and what remains of it.

    Args:
        formula: of at most `readable` characters, it stays whole.
        readable: characters.
        saved: characters that naming a part must save.
        taken: names that no part may have.

    >>> parts("(x - max(x)) / 2 + (x - max(x)) ** 2", readable=0, saved=8)
    ([('u', 'x - max(x)')], 'u / 2 + u ** 2')
    """
    named: dict[str, str] = {}
    free = [name for name in NAMES if name not in names_in(parse(formula)) and name not in taken]
    while max(map(len, (formula, *named.values()))) > readable and len(named) < len(free):
        part = _most_worth((formula, *named.values()), saved)
        if part is None:
            break
        name = f"part{len(named)}"
        named = {other: _put(text, part, name) for other, text in named.items()}
        formula = _put(formula, part, name)
        named[name] = part
    return _called(_ordered(named), formula, free)


def tidy(formula: str) -> str:
    """The formula without `- -3` and `+ -3`, which a table of knots leaves.

    >>> tidy("abs(x - -3) + min(x + -2.5, x - 0)")
    'abs(x + 3) + min(x - 2.5, x)'
    """
    return ast.unparse(_Tidy().visit(ast.parse(formula.strip(), mode="eval").body))


def is_vector(node: ast.expr, vectors: Collection[str]) -> bool:
    """Whether a part has one value per entry, where `vectors` are the names that have."""
    if isinstance(node, ast.Name):
        return node.id in vectors
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in PLACED:
            return True
        if node.func.id in WHOLE and len(node.args) == 1:
            return False
        return any(is_vector(argument, vectors) for argument in node.args)
    return any(is_vector(child, vectors) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def unsigned(node: ast.expr) -> ast.expr | None:
    """A product or quotient that begins with a minus, without it; None for any other part."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)):
        return None
    first = unsigned(node.left)
    return None if first is None else ast.BinOp(first, node.op, node.right)


class _Tidy(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Add | ast.Sub):
            return node
        if isinstance(node.right, ast.Constant) and node.right.value == 0:
            return node.left
        if isinstance(node.right, ast.UnaryOp) and isinstance(node.right.operand, ast.Constant):
            other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            return ast.BinOp(node.left, other, node.right.operand)
        return node


def _most_worth(formulas: Collection[str], least: int) -> str | None:
    """The part whose naming saves most characters; None where none saves enough."""
    times: dict[str, int] = {}
    for node in (node for formula in formulas for node in ast.walk(parse(formula))):
        if isinstance(node, ast.BinOp | ast.Call):
            text = ast.unparse(node)
            times[text] = times.get(text, 0) + 1
    worth = {text: (count - 1) * len(text) for text, count in times.items() if count > 1 and 2 * len(text) >= least}
    best = max(worth, key=lambda text: (worth[text], text), default=None)
    return best if best is not None and worth[best] >= least else None


def _put(formula: str, part: str, name: str) -> str:
    """The formula with a name in place of every occurrence of a part."""

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if isinstance(node, ast.BinOp | ast.Call) and ast.unparse(node) == part:
                return ast.Name(name)
            return self.generic_visit(node)

    return ast.unparse(Put().visit(ast.parse(formula, mode="eval").body))


def _ordered(named: Mapping[str, str]) -> dict[str, str]:
    """Each after those that it speaks of."""
    waiting, done = dict(named), dict[str, str]()
    while waiting:
        ready = next(name for name, text in waiting.items() if not names_in(parse(text)) & waiting.keys())
        done[ready] = waiting.pop(ready)
    return done


def _called(named: Mapping[str, str], formula: str, free: Sequence[str]) -> Parts:
    """The parts under their letters, in order."""

    class Call(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(letters.get(node.id, node.id))

    def call(text: str) -> str:
        return ast.unparse(Call().visit(ast.parse(text, mode="eval").body))

    letters = dict(zip(named, free, strict=False))
    return [(letters[name], call(text)) for name, text in named.items()], call(formula)
