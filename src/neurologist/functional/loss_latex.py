"""Formulas of losses in LaTeX, with the indices that vectors need; SymPy has no word for an entry of a vector.

May import: `catalogue`. A new word of the language needs one line in `WORDS`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from neurologist.catalogue import Loss
from neurologist.catalogue.expression import parse

GREEK = frozenset({"alpha", "beta", "gamma", "delta", "epsilon", "tau", "pi", "sigma", "theta", "lambda"})
NAMED = {"eps": r"\varepsilon", "inf": r"\infty", "var": r"\sigma^2", "margin": "m", "temperature": r"\tau"}
WORDS: Mapping[str, str] = {  # "#0" is the argument, "#1" the argument in brackets
    "exp": "e^{#0}",
    "log": r"\log #1",
    "log1p": r"\log\left(1 + #0\right)",
    "expm1": r"\left(e^{#0} - 1\right)",
    "sqrt": r"\sqrt{#0}",
    "abs": r"\left|#0\right|",
    "sigmoid": r"\sigma#1",
    "softplus": r"\log\left(1 + e^{#0}\right)",
}
COMPARISONS = {ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "="}
SUM, SERIES, PRODUCT, POWER, ATOM = range(5)  # how tightly a part holds together


def latex(formula: str, spec: Loss) -> str:
    r"""A loss's formula: `z_i` is the entry at hand, `j` runs along the vector.

    >>> from neurologist.catalogue import losses
    >>> print(latex("z - log(sum(exp(z)))", losses["cross_entropy"]))
    z_{i} - \log \left(\sum_{j} e^{z_{j}}\right)
    """
    return _Writer(spec).write(parse(formula), "i")[0]


class _Writer:
    def __init__(self, spec: Loss) -> None:
        rows = {name for name, shape in spec.shapes.items() if shape == "row"}
        classes = {"t"} if spec.target_kind == "class_index" else set()
        vectors = {*spec.operands, *spec.prepared, *spec.held, "p"} - rows - classes - {"k", "tau"}
        self.vectors = vectors if spec.vector else set()

    def write(self, node: ast.expr, index: str) -> tuple[str, int]:
        """A part in LaTeX and how tightly it holds together."""
        match node:
            case ast.Constant(value=value):
                return f"{float(repr(value)):g}", ATOM
            case ast.Name(id=name):
                return self.name(name, index), ATOM
            case ast.UnaryOp(op=op, operand=operand):
                return (f"-{self.part(operand, index, SERIES)}" if isinstance(op, ast.USub) else "", SUM)
            case ast.BinOp():
                return self.operation(node, index)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"{self.write(left, index)[0]} {COMPARISONS[type(op)]} {self.write(right, index)[0]}", SUM
            case ast.Call(func=ast.Name(id=word), args=arguments):
                return self.word(word, arguments, index)
        raise AssertionError(f"{ast.dump(node)} passed the parser's whitelist")

    def name(self, name: str, index: str) -> str:
        """A letter, with the index where it is a vector."""
        stem, _, below = name.partition("_")
        letter = NAMED.get(name) or (
            rf"\{stem}" if stem in GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
        )
        if name in ("sp", "sn"):
            letter, below = "s", name[1]
        indices = ",".join(part for part in (below, index if name in self.vectors else "") if part)
        return f"{letter}_{{{indices}}}" if indices else letter

    def part(self, node: ast.expr, index: str, at_least: int) -> str:
        """A part, in brackets where it holds together less tightly than needed."""
        text, tight = self.write(node, index)
        return text if tight >= at_least else rf"\left({text}\right)"

    def operation(self, node: ast.BinOp, index: str) -> tuple[str, int]:
        """Sums, products, quotients and powers."""
        left, right = node.left, node.right
        match node.op:
            case ast.Add():
                return f"{self.write(left, index)[0]} + {self.part(right, index, SUM)}", SUM
            case ast.Sub():
                return f"{self.write(left, index)[0]} - {self.part(right, index, SERIES)}", SUM
            case ast.Mult():
                dot = r" \cdot " if isinstance(right, ast.Constant) else r" "
                return f"{self.part(left, index, PRODUCT)}{dot}{self.part(right, index, SERIES)}", PRODUCT
            case ast.Div():
                return rf"\frac{{{self.write(left, index)[0]}}}{{{self.write(right, index)[0]}}}", POWER
        base = self.part(left, index, ATOM)
        if isinstance(right, ast.Constant) and right.value == 0.5:
            return rf"\sqrt{{{self.write(left, index)[0]}}}", ATOM
        return f"{base}^{{{self.write(right, index)[0]}}}", POWER

    def word(self, word: str, arguments: list[ast.expr], index: str) -> tuple[str, int]:
        """A word of the language."""
        inner = "k" if index == "j" else "j"
        if word == "sum":
            if not self.vectors:
                return self.write(arguments[0], index)
            return rf"\sum_{{{inner}}} {self.part(arguments[0], inner, SERIES)}", SERIES
        if word == "logsumexp":
            return rf"\log \sum_{{{inner}}} e^{{{self.write(arguments[0], inner)[0]}}}", SERIES
        if word == "pick":
            return self.name(arguments[0].id, "t") if isinstance(arguments[0], ast.Name) else "", ATOM
        if word == "where":
            test, then, other = (self.write(argument, index)[0] for argument in arguments)
            return rf"\begin{{cases}} {then} & {test} \\ {other} & \text{{else}} \end{{cases}}", ATOM
        if word in ("max", "min"):
            if len(arguments) == 1:
                return rf"\{word}_{{{inner}}} {self.part(arguments[0], inner, SERIES)}", SERIES
            a, b = (self.write(argument, index)[0] for argument in arguments)
            return rf"\{word}\left({a}, {b}\right)", ATOM
        text = self.write(arguments[0], index)[0]
        known = rf"\{word} #1" if word in ("tanh", "sin", "cos", "sinh", "cosh") else rf"\mathrm{{{word}}}#1"
        pattern = WORDS.get(word, known)
        return pattern.replace("#0", text).replace("#1", rf"\left({text}\right)"), POWER
