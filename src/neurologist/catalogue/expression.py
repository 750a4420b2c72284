"""The language of formulas: a small vocabulary, read by a whitelist and never by `eval`.

A formula is parsed once into Python's syntax tree, checked node by node, and turned into closures over a backend:
plain floats, NumPy, mpmath, SymPy (`catalogue.backends`) or torch (`functional`). The same text thus runs
everywhere, and nothing outside the vocabulary can run at all.
May import: `catalogue.grammar`, which has the words and what else a formula may hold.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from neurologist.catalogue.errors import FormulaError
from neurologist.catalogue.grammar import CONSTANTS, OPERATORS, WORDS, check, check_text, shortened

__all__ = [
    "CONSTANTS",
    "OPERATORS",
    "WORDS",
    "Backend",
    "Compiled",
    "compile_formula",
    "evaluate",
    "free_names",
    "names_in",
    "parse",
]


class Backend(Protocol):
    """What the words mean for one kind of number; `operators`, if it has them, stand in for Python's own."""

    def word(self, name: str) -> Callable[..., Any]:
        """The function that a word stands for."""

    def number(self, text: str) -> Any:
        """A literal or constant (`pi`, `e`), as exact as this kind of number can be."""


Compiled = Callable[[Mapping[str, Any]], Any]


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.expr:
    """The checked syntax tree of a formula; anything outside the vocabulary is a `FormulaError`."""
    check_text(text)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        check(tree, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, FormulaError):
            raise
        raise FormulaError(
            f"formula {shortened(text)} cannot be read ({_why(error)}): expected one expression; write it as in "
            "'x / (1 + exp(-x))'"
        ) from None
    return tree


def _why(error: Exception) -> str:
    said = getattr(error, "msg", None) or str(error) or "it is nested too deep"
    return str(said).partition(";")[0]  # what follows is advice on Python's own settings


@lru_cache(maxsize=4096)
def free_names(text: str) -> frozenset[str]:
    """The variables and parameters that a formula speaks of.

    >>> sorted(free_names("where(x > 0, x, alpha * expm1(x))"))
    ['alpha', 'x']
    """
    return names_in(parse(text))


def names_in(tree: ast.expr) -> frozenset[str]:
    """The variables and parameters below a node of a checked tree."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    return frozenset(names - set(CONSTANTS))


def compile_formula(text: str, backend: Backend) -> Compiled:
    """A callable that takes the values of the free names and gives the formula's value in the backend.

    A part that occurs more than once, as in most derivatives, is computed once.
    """
    tree = parse(text)
    run = _Builder(tree, backend).build(tree)
    return lambda values: run({**values})


def evaluate(text: str, values: Mapping[str, float]) -> float:
    """The value of a formula over plain floats.

    >>> evaluate("where(x > 0, x, a * x)", {"x": -2.0, "a": 0.5})
    -1.0
    """
    from neurologist.catalogue.backends import FLOATS

    result: float = compile_formula(text, FLOATS)(values)
    return result


class Parts:
    """Which parts of a tree are equal, and which of them are worth computing once."""

    def __init__(self, tree: ast.AST) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}  # a subtree's make-up -> its number
        self._number_of: dict[int, int] = {}  # id of a node -> the number of its make-up
        self._times: dict[int, int] = {}
        self._count(tree)

    def number(self, node: ast.AST) -> int:
        """The same for equal parts."""
        return self._number_of[id(node)]

    def repeats(self, node: ast.AST) -> bool:
        """True for an operation that stands in the tree more than once."""
        return self._times[self.number(node)] > 1 and isinstance(node, ast.Call | ast.BinOp)

    def _count(self, node: ast.AST) -> int:
        inside = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        made_of = tuple(self._count(child) for child in inside)
        kinds = tuple(type(child) for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))
        own = (getattr(node, "id", None), repr(getattr(node, "value", None)) if not inside else None)
        number = self._numbers.setdefault((type(node), own, kinds, made_of), len(self._numbers))
        self._number_of[id(node)] = number
        self._times[number] = self._times.get(number, 0) + 1
        return number


class _Builder:
    """Turns a checked tree into closures; equal subtrees share one, whose result is kept while a call lasts."""

    def __init__(self, tree: ast.expr, backend: Backend) -> None:
        self.backend = backend
        self.operators = getattr(backend, "operators", OPERATORS)
        self._parts = Parts(tree)

    def build(self, node: ast.expr) -> Compiled:
        """A closure over the values of the free names."""
        made = self._plain(node)
        return _kept(made, f"#{self._parts.number(node)}") if self._parts.repeats(node) else made

    def _plain(self, node: ast.expr) -> Compiled:
        match node:
            case ast.Constant(value=value):
                return _constant(self.backend.number(repr(value)))
            case ast.Name(id=name):
                return _constant(self.backend.number(name)) if name in CONSTANTS else _variable(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.build(operand)
                return lambda values: -inner(values)
            case ast.UnaryOp(operand=operand):
                return self.build(operand)
            case ast.BinOp(op=op, left=left, right=right) | ast.Compare(ops=[op], left=left, comparators=[right]):
                return _binary(self.operators[type(op)], self.build(left), self.build(right))
            case ast.Call(func=ast.Name(id=word), args=args):
                return _call(self.backend.word(word), [self.build(argument) for argument in args])
        raise FormulaError(f"{ast.dump(node)} is not part of the language: call parse first")


def _kept(made: Compiled, key: str) -> Compiled:
    def run(values: Any) -> Any:
        if key not in values:
            values[key] = made(values)
        return values[key]

    return run


def _constant(number: Any) -> Compiled:
    return lambda values: number


def _variable(name: str) -> Compiled:
    return lambda values: values[name]  # not operator.itemgetter, which torch.compile cannot read


def _binary(apply: Callable[[Any, Any], Any], left: Compiled, right: Compiled) -> Compiled:
    return lambda values: apply(left(values), right(values))


def _call(word: Callable[..., Any], arguments: list[Compiled]) -> Compiled:
    if len(arguments) == 1:
        only = arguments[0]
        return lambda values: word(only(values))
    return lambda values: word(*[argument(values) for argument in arguments])
