"""The language of formulas: a small vocabulary, read by a whitelist and never by `eval`.

A formula is parsed once into Python's syntax tree, checked node by node, and turned into closures over a backend:
plain floats, NumPy, mpmath, SymPy (`catalogue.backends`) or torch (`functional`). The same text thus runs
everywhere, and nothing outside the vocabulary can run at all.
May import: the standard library. To add a word: here, its derivative in `differentiate`, its meaning in each backend.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from neurologist.catalogue.errors import FormulaError

CONSTANTS = ("pi", "e", "inf")
WORDS: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "sigmoid", "softplus", "erf", "erfc"), (1,)
    ),
    "gauss": (1,),  # exp(-u ** 2), without the rounding of u ** 2 growing in the exponent
    "bell": (1,),  # exp(-u ** 2 / 2) likewise
    "hypot": (2,),  # sqrt(u ** 2 + v ** 2), without overflow
    **dict.fromkeys(("tanh", "sin", "cos", "sinh", "cosh", "asinh", "atan"), (1,)),
    "max": (1, 2),  # of two, entry by entry; of one, the largest along the vector
    "min": (1, 2),
    "where": (3,),  # where(condition, then, else)
    "sum": (1,),  # along the vector
    "logsumexp": (1,),
    "softmax": (1,),
    "top": (1,),  # 1 at the vector's first largest entry, 0 elsewhere
    "sort": (1,),  # the vector's entries, largest first
    "cumsum": (1,),
    "rank": (1,),  # 1, 2, 3, ... along the vector
    "first": (1,),  # the first half of the vector, and the second
    "second": (1,),
    "join": (2,),  # two vectors in one
    "pick": (2,),  # pick(z, t): the entry of vector z that class index t names
}
OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}
LONGEST = 20_000  # characters; formulas have about 200, third derivatives some thousands
LARGEST_POWER = 64  # literal exponents; keeps a formula from growing numbers without end


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
    if len(text) > LONGEST:
        raise FormulaError(f"formula of {len(text)} characters: expected at most {LONGEST}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _check(tree, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, FormulaError):
            raise
        raise FormulaError(f"formula {text!r} cannot be read: {error}; expected e.g. 'x / (1 + exp(-x))'") from None
    return tree


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


def _check(node: ast.AST, text: str) -> None:
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            return None
        case ast.Name(id=name) if name not in WORDS and not name.startswith("_"):
            return None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _check(operand, text)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATORS:
            _check_power(op, right, text)
            _check(left, text)
            return _check(right, text)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            _check(left, text)
            return _check(right, text)
        case ast.Call(func=ast.Name(id=word), args=args, keywords=[]) if len(args) in WORDS.get(word, ()):
            for argument in args:
                _check(argument, text)
            return None
    if not isinstance(node, ast.expr):
        raise FormulaError(f"formula {text!r} holds {type(node).__name__}: expected one expression")
    raise FormulaError(
        f"formula {text!r} holds {ast.unparse(node)!r}: expected numbers, names, + - * / **, one comparison, or a call "
        f"of {', '.join(sorted(WORDS))}"
    )


def _check_power(op: ast.operator, right: ast.expr, text: str) -> None:
    value = right.value if isinstance(right, ast.Constant) else 0
    if isinstance(op, ast.Pow) and isinstance(value, int | float) and abs(value) > LARGEST_POWER:
        raise FormulaError(f"formula {text!r} holds a power of {value}: expected at most {LARGEST_POWER}")


class _Builder:
    """Turns a checked tree into closures; equal subtrees share one, whose result is kept while a call lasts."""

    def __init__(self, tree: ast.expr, backend: Backend) -> None:
        self.backend = backend
        self.operators = getattr(backend, "operators", OPERATORS)
        self._numbers: dict[tuple[Any, ...], int] = {}  # a subtree's make-up -> its number
        self._number_of: dict[int, int] = {}  # id of a node -> the number of its make-up
        self._times: dict[int, int] = {}
        self._count(tree)

    def build(self, node: ast.expr) -> Compiled:
        """A closure over the values of the free names."""
        made = self._plain(node)
        number = self._number_of[id(node)]
        if self._times[number] == 1 or not isinstance(node, ast.Call | ast.BinOp):
            return made
        return _kept(made, f"#{number}")

    def _count(self, node: ast.AST) -> int:
        inside = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        made_of = tuple(self._count(child) for child in inside)
        kinds = tuple(type(child) for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))
        own = (getattr(node, "id", None), repr(getattr(node, "value", None)) if not inside else None)
        number = self._numbers.setdefault((type(node), own, kinds, made_of), len(self._numbers))
        self._number_of[id(node)] = number
        self._times[number] = self._times.get(number, 0) + 1
        return number

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
