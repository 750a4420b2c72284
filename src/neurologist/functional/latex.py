r"""Formulas in LaTeX, written as they stand: no number is rationalised and no term is moved, as SymPy would.

Of vectors, `x_i` is the entry at hand, and `j`, `k` run along the vector.
May import: `catalogue`. A new word of the language needs one line in `WORDS`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping

from neurologist.catalogue import Activation
from neurologist.catalogue.expression import parse
from neurologist.functional.parts import is_vector, parts, tidy, unsigned

GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "epsilon", "theta", "lambda", "mu", "pi", "sigma", "tau"}  # as LaTeX calls them
)
NAMED = {"eps": r"\varepsilon", "inf": r"\infty", "var": r"\sigma^2", "margin": "m", "lambd": r"\lambda"}
NAMED |= {"temperature": r"\tau"}
WORDS: Mapping[str, str] = {  # "#0" is the argument, "#1" the argument in brackets, "#2" it within a power or product
    "exp": "e^{#0}",
    "log": r"\log #1",
    "log1p": r"\log\left(1 + #0\right)",
    "expm1": "e^{#0} - 1",
    "sqrt": r"\sqrt{#0}",
    "abs": r"\left|#0\right|",
    "sigmoid": r"\sigma#1",
    "softplus": r"\log\left(1 + e^{#0}\right)",
    "gauss": "e^{-#2^{2}}",
    "bell": "e^{-#2^{2} / 2}",
    "atan": r"\arctan #1",
    "asinh": r"\operatorname{arsinh} #1",
    **{word: rf"\{word} #1" for word in ("tanh", "sin", "cos", "sinh", "cosh")},
}
COMPARISONS = {ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "="}
CASES, SUM, SERIES, PRODUCT, POWER, ATOM = range(6)  # how tightly a part holds together
INNER = {"i": "j", "j": "k", "k": "l", "l": "m"}  # the index of a sum within one
LONGEST = 8  # characters of a number; beyond, its first digits are shown


def latex(formula: str, spec: Activation, left: str = "") -> str:
    r"""An activation's formula; parts that a long one repeats come first, in lines of their own.

    Args:
        formula: in the activation's letters.
        spec: whose formula it is; says whether `x` is a vector.
        left: what it is equal to; "" for the formula alone.

    >>> from neurologist.catalogue import activations
    >>> print(latex("where(x > 0, x, alpha * expm1(x / 2))", activations["elu"]))
    \begin{cases} x & x > 0 \\ \alpha \left(e^{\frac{x}{2}} - 1\right) & \text{else} \end{cases}
    """
    named, last = parts(tidy(formula))
    vectors = {"x", "y", "g"} if spec.vector else set()
    lines = []
    for name, part in named:
        if spec.vector and is_vector(parse(part), vectors):
            vectors.add(name)
        lines.append(f"{Writer(vectors).text(ast.Name(name))} &= {Writer(vectors).text(parse(part))}")
    whole = Writer(vectors).text(parse(last))
    if not lines:
        return f"{left} = {whole}" if left else whole
    lines.append(f"{left or 'f'} &= {whole}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


class Writer:
    """Writes checked trees.

    Attributes:
        vectors: names that stand for vectors, and so carry an index.
    """

    def __init__(self, vectors: Iterable[str] = ()) -> None:
        self.vectors = frozenset(vectors)
        self._moves: Mapping[str, Callable[[ast.expr, str], tuple[str, int]]] = {
            "sort": lambda argument, index: (self.indexed(argument, f"({index})"), POWER),
            "rank": lambda _, index: (index, ATOM),
            "cumsum": lambda argument, index: (self._sum(argument, rf"{INNER[index]} \le {index}", index), SERIES),
            "top": self._top,
            "first": lambda argument, index: (self.indexed(argument, index, "^{(1)}"), POWER),
            "second": lambda argument, index: (self.indexed(argument, index, "^{(2)}"), POWER),
            "softmax": lambda argument, index: (
                rf"\operatorname{{softmax}}({self.text(argument, '')})_{{{index}}}",
                POWER,
            ),
        }

    def text(self, node: ast.expr, index: str = "i") -> str:
        """A whole formula."""
        return self.write(node, index)[0]

    def write(self, node: ast.expr, index: str) -> tuple[str, int]:
        """A part in LaTeX and how tightly it holds together."""
        match node:
            case ast.Constant(value=value):
                return _number(float(repr(value)))
            case ast.Name(id=name):
                return self.name(name, index), ATOM
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"-{self.part(operand, index, SERIES)}", SUM
            case ast.UnaryOp(operand=operand):
                return self.write(operand, index)
            case ast.BinOp():
                return self.operation(node, index)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"{self.text(left, index)} {COMPARISONS[type(op)]} {self.text(right, index)}", SUM
            case ast.Call(func=ast.Name(id=word), args=arguments):
                return self.word(word, arguments, index)
        raise AssertionError(f"{ast.dump(node)} passed the parser's whitelist")

    def name(self, name: str, index: str, upper: str = "") -> str:
        """A letter, with the index where it is a vector."""
        stem, below = _stem(name)
        letter = NAMED.get(name) or (
            rf"\{stem}" if stem in GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
        )
        below = below if len(below) <= 1 else rf"\mathrm{{{below}}}"
        indices = ",".join(part for part in (below, index if name in self.vectors else "") if part)
        return f"{letter}{upper}_{{{indices}}}" if indices else f"{letter}{upper}"

    def part(self, node: ast.expr, index: str, at_least: int) -> str:
        """A part, in brackets where it holds together less tightly than needed."""
        text, tight = self.write(node, index)
        return text if tight >= at_least else rf"\left({text}\right)"

    def operation(self, node: ast.BinOp, index: str) -> tuple[str, int]:
        """Sums, products, quotients and powers."""
        left, right = node.left, node.right
        match node.op:
            case ast.Add():
                return f"{self.part(left, index, SUM)} + {self.part(right, index, SUM)}", SUM
            case ast.Sub():
                return f"{self.part(left, index, SUM)} - {self.part(right, index, SERIES)}", SUM
            case ast.Mult() | ast.Div() if (positive := unsigned(node)) is not None:
                return f"-{self.part(positive, index, SERIES)}", SUM
            case ast.Mult():
                first, second = self.part(left, index, PRODUCT), self.part(right, index, SERIES)
                dot = r" \cdot " if second[0].isdigit() else r"\, " if _is_word(left) else " "
                return f"{first}{dot}{second}", PRODUCT
            case ast.Div():
                return rf"\frac{{{self.text(left, index)}}}{{{self.text(right, index)}}}", POWER
        base = self.part(left, index, ATOM)
        if isinstance(right, ast.Constant) and right.value == 0.5:
            return rf"\sqrt{{{self.text(left, index)}}}", ATOM
        return f"{base}^{{{self.text(right, index)}}}", POWER

    def word(self, word: str, arguments: list[ast.expr], index: str) -> tuple[str, int]:
        """A word of the language."""
        if word in self._moves:
            return self._moves[word](arguments[0], index)
        if word == "where":
            return self._cases(arguments, index), CASES
        if word in ("sum", "logsumexp", "pick") or (word in ("max", "min") and len(arguments) == 1):
            return self._along(word, arguments, index)
        texts = [self.text(argument, index) for argument in arguments]
        if word in ("max", "min"):
            return rf"\{word}\left({texts[0]}, {texts[1]}\right)", ATOM
        if word == "join":
            return rf"\left[{texts[0]},\; {texts[1]}\right]", ATOM
        if word == "hypot":
            squares = [f"{self.part(argument, index, ATOM)}^{{2}}" for argument in arguments]
            return rf"\sqrt{{{squares[0]} + {squares[1]}}}", ATOM
        pattern = WORDS.get(word, rf"\operatorname{{{word}}}#1").replace("#2", self.part(arguments[0], index, ATOM))
        text = pattern.replace("#0", texts[0]).replace("#1", rf"\left({texts[0]}\right)")
        return text, SUM if word == "expm1" else POWER

    def indexed(self, argument: ast.expr, index: str, upper: str = "") -> str:
        """An argument that is a name with its index; anything else in brackets, with the index behind them."""
        if isinstance(argument, ast.Name):
            return self.name(argument.id, index, upper)
        return rf"\left({self.text(argument, '')}\right){upper}_{{{index}}}"

    def _along(self, word: str, arguments: list[ast.expr], index: str) -> tuple[str, int]:
        """Words that make one number of a vector."""
        inner = INNER.get(index, "j")
        if word == "pick":
            return self.name(arguments[0].id, "t") if isinstance(arguments[0], ast.Name) else "", ATOM
        if word == "logsumexp":
            return rf"\log \sum_{{{inner}}} e^{{{self.text(arguments[0], inner)}}}", SERIES
        if word == "sum":
            return (self._sum(arguments[0], inner, index) if self.vectors else self.text(arguments[0], index)), SERIES
        return rf"\{word}_{{{inner}}} {self.part(arguments[0], inner, SERIES)}", SERIES

    def _sum(self, argument: ast.expr, below: str, index: str) -> str:
        return rf"\sum_{{{below}}} {self.part(argument, INNER.get(index, 'j'), SERIES)}"

    def _top(self, argument: ast.expr, index: str) -> tuple[str, int]:
        inner = INNER.get(index, "j")
        return rf"\left[{index} = \arg\max_{{{inner}}} {self.part(argument, inner, SERIES)}\right]", ATOM

    def _cases(self, arguments: list[ast.expr], index: str) -> str:
        rows, rest = [], arguments
        while True:
            test, then, other = rest
            rows.append(f"{self.text(then, index)} & {self.text(test, index)}")
            if not (isinstance(other, ast.Call) and isinstance(other.func, ast.Name) and other.func.id == "where"):
                break
            rest = other.args
        rows.append(rf"{self.text(other, index)} & \text{{else}}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def _stem(name: str) -> tuple[str, str]:
    """A name's letter or word, and what stands below it: of `b_1`, `p1` and the losses' `sp` and `sn`."""
    if name in ("sp", "sn"):
        return "s", name[1]
    stem, _, below = re.sub(r"(?<=[a-z])(\d)$", r"_\1", name).partition("_")
    return (rf"{stem}\_{below}", "") if len(below) > 1 and len(stem) > 1 and stem not in GREEK else (stem, below)


def _is_word(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and len(_stem(node.id)[0]) > 1 and _stem(node.id)[0] not in GREEK


def _number(value: float) -> tuple[str, int]:
    text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
    mantissa, _, exponent = text.partition("e")
    if exponent:
        power = f"10^{{{int(exponent)}}}"
        return (power, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", PRODUCT)
    return (text if len(text) <= LONGEST else rf"{text[:LONGEST]}\ldots"), ATOM
