"""The words of a formula in the code of other libraries, for code that is to be pasted.

May import: `catalogue`. A new word needs one line in `TORCH` and one in `NUMPY`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from neurologist.catalogue.expression import names_in, parse

MATH = ("exp", "log", "log1p", "expm1", "sqrt", "erf", "erfc", "tanh", "sin", "cos", "sinh", "cosh", "asinh", "atan")


@dataclass(frozen=True)
class Dialect:
    """One library.

    Attributes:
        modules: prefix -> what the code imports for it.
        words: word -> code, in which `u`, `v`, `w` stand for the arguments and `like` for the input.
        helpers: function that `words` speak of -> its code.
        quiet: decorator of functions in which something may overflow that is then not used, or divided by.
        full: a tensor or array like `like` of one number.
    """

    modules: Mapping[str, str]
    words: Mapping[str, str]
    helpers: Mapping[str, str]
    quiet: str
    full: str


TORCH = Dialect(
    {"torch": "torch"},
    {
        **{word: f"torch.{word}(u)" for word in (*MATH, "abs", "sign", "sigmoid")},
        "softplus": "torch.logaddexp(u, like.new_tensor(0.0))",
        "gauss": "torch.exp(-u * u)",
        "bell": "torch.exp(-0.5 * u * u)",
        "hypot": "torch.hypot(u, v)",
        "where": "torch.where(u, v, w)",
        "max": "torch.maximum(u, v)",
        "min": "torch.minimum(u, v)",
        "clamp_max": "u.clamp(min=v)",  # of a tensor and a number
        "clamp_min": "u.clamp(max=v)",
        "largest": "u.amax(dim, keepdim=True)",
        "smallest": "u.amin(dim, keepdim=True)",
        "sum": "u.sum(dim, keepdim=True)",
        "logsumexp": "torch.logsumexp(u, dim, keepdim=True)",
        "softmax": "torch.softmax(u, dim)",
        "top": "_top(u, dim)",
        "sort": "u.sort(dim, descending=True).values",
        "cumsum": "u.cumsum(dim)",
        "rank": "_rank(u, dim)",
        "first": "u.chunk(2, dim)[0]",
        "second": "u.chunk(2, dim)[1]",
        "join": "torch.cat([u, v], dim)",
    },
    {
        "_top": '''\
def _top(x, dim):
    """1 at the first largest entry of each vector, 0 elsewhere."""
    return torch.zeros_like(x).scatter(dim, x.argmax(dim, keepdim=True), 1.0)''',
        "_rank": '''\
def _rank(x, dim):
    """1, 2, 3, ... along each vector."""
    return torch.ones_like(x).cumsum(dim)''',
    },
    "",
    "torch.full_like({like}, {number})",
)

NUMPY = Dialect(
    {"np": "numpy as np"},
    {
        **{word: f"np.{word}(u)" for word in (*MATH, "abs", "sign")},
        "asinh": "np.arcsinh(u)",
        "atan": "np.arctan(u)",
        "erf": "_erf(u)",
        "erfc": "_erfc(u)",
        "sigmoid": "_sigmoid(u)",
        "softplus": "np.logaddexp(u, 0.0)",
        "gauss": "np.exp(-u * u)",
        "bell": "np.exp(-0.5 * u * u)",
        "hypot": "np.hypot(u, v)",
        "where": "np.where(u, v, w)",
        "max": "np.maximum(u, v)",
        "min": "np.minimum(u, v)",
        "clamp_max": "np.maximum(u, v)",
        "clamp_min": "np.minimum(u, v)",
        "largest": "np.max(u, axis=dim, keepdims=True)",
        "smallest": "np.min(u, axis=dim, keepdims=True)",
        "sum": "np.sum(u, axis=dim, keepdims=True)",
        "logsumexp": "np.logaddexp.reduce(u, axis=dim, keepdims=True)",
        "softmax": "_softmax(u, dim)",
        "top": "_top(u, dim)",
        "sort": "-np.sort(-u, axis=dim)",
        "cumsum": "np.cumsum(u, axis=dim)",
        "rank": "_rank(u, dim)",
        "first": "np.split(u, 2, axis=dim)[0]",
        "second": "np.split(u, 2, axis=dim)[1]",
        "join": "np.concatenate([u, v], axis=dim)",
    },
    {
        "_erf": "_erf = np.vectorize(math.erf, otypes=[float])  # NumPy has none",
        "_erfc": "_erfc = np.vectorize(math.erfc, otypes=[float])  # NumPy has none",
        "_sigmoid": '''\
def _sigmoid(x):
    """1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)''',
        "_softmax": '''\
def _softmax(x, dim):
    """exp(x) / sum(exp(x)) without overflow."""
    weight = np.exp(x - np.max(x, axis=dim, keepdims=True))
    return weight / np.sum(weight, axis=dim, keepdims=True)''',
        "_top": '''\
def _top(x, dim):
    """1 at the first largest entry of each vector, 0 elsewhere."""
    return np.where(_rank(x, dim) == np.expand_dims(np.argmax(x, axis=dim), dim) + 1, 1.0, 0.0)''',
        "_rank": '''\
def _rank(x, dim):
    """1, 2, 3, ... along each vector."""
    return np.cumsum(np.ones_like(x), axis=dim)''',
    },
    '@np.errstate(all="ignore")  # infinite on the way, never at the end\n',
    "np.full_like({like}, {number}, dtype=float)",
)


class Writer:
    """Writes formulas in one library's code, and remembers what they need.

    Attributes:
        dialect: the library.
        entries: names that stand for tensors or arrays; all others are numbers.
        like: the one whose dtype constants take.
    """

    def __init__(self, dialect: Dialect, entries: Iterable[str], like: str) -> None:
        self.dialect = dialect
        self.entries = set(entries)
        self.like = like
        self._needed: set[str] = set()

    def text(self, formula: str) -> str:
        """A formula as an expression."""
        made = self._write(parse(formula))
        self._needed |= {node.id for node in ast.walk(made) if isinstance(node, ast.Name)}
        return ast.unparse(ast.fix_missing_locations(made))

    def local(self, name: str, formula: str) -> str:
        """A formula whose value is then spoken of by a name."""
        (self.entries.add if self._varies(parse(formula)) else self.entries.discard)(name)
        return self.text(formula)

    def whole(self, formula: str) -> str:
        """A formula as an expression that is an array or a tensor even where the formula is a number."""
        text = self.text(formula)
        return text if self._varies(parse(formula)) else self.dialect.full.format(like=self.like, number=text)

    def imports(self, text: str) -> str:
        """The lines that import what a text speaks of."""
        modules = {"math": "math", **self.dialect.modules}
        return "\n".join(f"import {module}" for prefix, module in modules.items() if f"{prefix}." in text)

    def helpers(self) -> list[str]:
        """The code of the functions that it speaks of, each after those that it needs."""
        own = self.dialect.helpers
        wanted = {name for name in own if name in self._needed}
        wanted |= {name for name in own for other in wanted if f"{name}(" in own[other]}
        return [own[name] for name in sorted(wanted, key=lambda name: (f"{name}(" not in str(own), name))]

    def decorator(self, body: str) -> str:
        """What stands before a function with this body."""
        overflows = re.search(r"\.(exp|expm1|sinh|cosh)\(", body) or (
            "where(" in body and re.search(r"/|\*\*|log", body)
        )
        return self.dialect.quiet if overflows else ""

    def _varies(self, node: ast.AST) -> bool:
        return bool(names_in(node) & self.entries) if isinstance(node, ast.expr) else False

    def _write(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Name(id="pi" | "e" | "inf" as constant):
                return _expression(f"math.{constant}")
            case ast.Name():
                return ast.Name(node.id)
            case ast.UnaryOp():
                return ast.UnaryOp(node.op, self._write(node.operand))
            case ast.BinOp():
                return ast.BinOp(self._write(node.left), node.op, self._write(node.right))
            case ast.Compare():
                return ast.Compare(self._write(node.left), node.ops, [self._write(node.comparators[0])])
            case ast.Call(func=ast.Name(id=word), args=arguments):
                return self._word(word, arguments)
        return node

    def _word(self, word: str, arguments: list[ast.expr]) -> ast.expr:
        varying = [self._varies(argument) for argument in arguments]
        if not any(varying):
            return self._of_numbers(word, arguments)
        if word == "where" and not varying[0]:
            test, then, other = (self._write(argument) for argument in arguments)
            return ast.IfExp(test, then, other)
        if word in ("max", "min"):
            if len(arguments) == 1:
                word = {"max": "largest", "min": "smallest"}[word]
            elif not all(varying):
                word, arguments = f"clamp_{word}", sorted(arguments, key=lambda a: not self._varies(a))
        written = [self._write(argument) for argument in arguments]
        if word == "where":
            written = [written[0], *(_floating(branch) for branch in written[1:])]
        if word in ("where", "hypot") and self.dialect is TORCH:
            self._lift(word, written, varying)
        given: dict[str, ast.expr] = dict(zip("uvw", written, strict=False))
        return _filled(self.dialect.words[word], {**given, "like": ast.Name(self.like)})

    def _of_numbers(self, word: str, arguments: list[ast.expr]) -> ast.expr:
        written = [self._write(argument) for argument in arguments]
        if word == "where":
            return ast.IfExp(*written)
        plain = word if word in ("max", "min", "abs") else f"math.{word}"
        return ast.Call(_expression(plain), written, [])

    def _lift(self, word: str, written: list[ast.expr], varying: list[bool]) -> None:
        """Of two numbers torch does not know the dtype: the first becomes a tensor of the input's."""
        numbers = [at for at in range(len(written) - 2, len(written)) if not varying[at]]
        if len(numbers) == 2 or (word == "hypot" and numbers):
            at = numbers[0]
            written[at] = _filled(f"{self.like}.new_tensor(u)", {"u": written[at]})


def _floating(node: ast.expr) -> ast.expr:
    """A whole number as a float: a choice between two whole numbers would be an integer."""
    return ast.Constant(float(node.value)) if isinstance(node, ast.Constant) and isinstance(node.value, int) else node


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _filled(pattern: str, given: Mapping[str, ast.expr]) -> ast.expr:
    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return given.get(node.id, node)

    filled: ast.expr = Put().visit(_expression(pattern))
    return filled
