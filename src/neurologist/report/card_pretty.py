"""Formulas for a terminal: fractions, powers and cases over several lines, where they fit; else on one.

May import: `catalogue`, `functional.parts` (which needs no torch), `report.card_boxes`. A new word of the language is
written as a function's call; one that mathematics writes otherwise needs one line in `_Writer.words`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from textwrap import wrap

from neurologist.catalogue.expression import parse
from neurologist.functional.parts import parts, tidy, unsigned
from neurologist.report import card_boxes as boxes
from neurologist.report.card_boxes import ATOM, CASES, POWER, PRODUCT, SUM, Box, beside, fraction, raised, text

TALLEST = 9  # lines; a taller formula is easier to read on one line
COMPARISONS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "="}
LETTERS = {  # names that have a sign of their own
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eps": "ε", "theta": "θ", "lambd": "λ"},
    **{"mu": "μ", "sigma": "σ", "tau": "τ", "pi": "π", "inf": "∞"},
}
BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
ASCII = str.maketrans({"≤": "<=", "≥": ">=", "√": "sqrt"})


def pretty(formula: str, left: str = "", width: int = 76, ascii_only: bool = False) -> str:
    """A formula, after `left =` if given, over several lines where that helps; what a long one repeats comes first.

    >>> print(pretty("1 / (1 + exp(-x))", "f(x)", ascii_only=True))
               1
    f(x) = ---------
                 -x
            1 + e
    """
    named, last = parts(tidy(formula))
    return "\n".join(_one(name, part, width, ascii_only) for name, part in [*named, (left, last)])


def _one(left: str, formula: str, width: int, ascii_only: bool) -> str:
    head = f"{left} = " if left else ""
    whole = beside(text(head), _Writer(ascii_only).box(parse(formula)))
    if len(whole.lines) <= TALLEST and whole.width <= width:
        return "\n".join(line.rstrip() for line in whole.lines)
    broken = wrap(formula, width - len(head), break_long_words=False) or [""]
    return "\n".join([head + broken[0], *(" " * len(head) + line for line in broken[1:])])


class _Writer:
    """Turns a checked tree into boxes."""

    def __init__(self, ascii_only: bool) -> None:
        self.ascii_only = ascii_only
        self.in_power = 0
        self.marks = boxes.PLAIN if ascii_only else boxes.UNICODE
        e, one = text("e"), text("1")
        self.words: Mapping[str, Callable[..., Box]] = {
            "expm1": lambda u: self.sum(raised(e, u), " - ", one),
            "sqrt": self.root,
            "abs": lambda u: boxes.sides(u, self.marks),
            "log1p": lambda u: self.call("log", self.sum(one, " + ", u)),
            "softplus": lambda u: self.call("log", self.sum(one, " + ", raised(e, u))),
            "gauss": lambda u: raised(e, self.minus(self.power(u, text("2")))),
            "bell": lambda u: raised(e, self.minus(beside(self.power(u, text("2")), text("/2")).holding(PRODUCT))),
            "hypot": lambda u, v: self.root(self.sum(self.power(u, text("2")), " + ", self.power(v, text("2")))),
            "sigmoid": lambda u: self.call("sigmoid" if ascii_only else "σ", u),
            "atan": lambda u: self.call("arctan", u),
            "asinh": lambda u: self.call("arsinh", u),
        }

    def box(self, node: ast.expr) -> Box:
        """A part as a box."""
        match node:
            case ast.Constant(value=value):
                return text(f"{float(repr(value)):.10g}")
            case ast.Name(id=name):
                return text(self.name(name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.minus(self.box(operand))
            case ast.UnaryOp(operand=operand):
                return self.box(operand)
            case ast.BinOp():
                return self.operation(node)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.sum(self.box(left), f" {self.plain(COMPARISONS[type(op)])} ", self.box(right))
            case ast.Call(func=ast.Name(id="where"), args=arguments):
                return self.cases(arguments)
            case ast.Call(func=ast.Name(id="exp"), args=[argument]):
                return raised(text("e"), self.exponent(argument))
            case ast.Call(func=ast.Name(id=word), args=arguments):
                inner = [self.box(argument) for argument in arguments]
                return self.words[word](*inner) if word in self.words else self.call(word, *inner)
        raise AssertionError(f"{ast.dump(node)} passed the parser's whitelist")

    def plain(self, sign: str) -> str:
        """A sign in the letters that the terminal has."""
        return sign.translate(ASCII) if self.ascii_only else sign

    def name(self, name: str) -> str:
        """A name as mathematics writes it."""
        if self.ascii_only:
            return name
        stem, _, below = name.partition("_")
        if len(stem) == 2 and stem[0].isalpha() and stem[1].isdigit():
            stem, below = stem[0], stem[1]
        if below and not below.isdigit():
            return name if len(stem) > 1 and stem not in LETTERS else f"{LETTERS.get(stem, stem)}_{below}"
        return LETTERS.get(stem, stem) + below.translate(BELOW)

    def operation(self, node: ast.BinOp) -> Box:
        """Sums, products, quotients and powers."""
        positive = unsigned(node)
        if positive is not None:
            return self.minus(self.box(positive))
        if isinstance(node.op, ast.Pow):
            return self.power(self.box(node.left), self.exponent(node.right))
        left, right = self.box(node.left), self.box(node.right)
        match node.op:
            case ast.Add():
                return self.sum(left, " + ", right)
            case ast.Sub():
                return self.sum(left, " - ", right.at_least(PRODUCT, self.marks))
            case ast.Mult():
                sides = (left.at_least(PRODUCT, self.marks), right.at_least(PRODUCT, self.marks))
                return beside(sides[0], text(f" {self.marks.dot} "), sides[1]).holding(PRODUCT)
        if self.in_power:
            return beside(left.at_least(PRODUCT, self.marks), text("/"), right.at_least(POWER, self.marks)).holding(
                PRODUCT
            )
        return fraction(left, right, self.marks)

    def exponent(self, node: ast.expr) -> Box:
        """What something is raised to: quotients stay on one line there."""
        self.in_power += 1
        box = self.box(node)
        self.in_power -= 1
        return box

    def sum(self, left: Box, sign: str, right: Box) -> Box:
        """Two boxes with a sign between them."""
        return beside(left.at_least(SUM, self.marks), text(sign), right.at_least(SUM, self.marks)).holding(SUM)

    def minus(self, box: Box) -> Box:
        """A box behind a minus."""
        return beside(text("-"), box.at_least(PRODUCT, self.marks)).holding(SUM)

    def power(self, base: Box, power: Box) -> Box:
        """A power; its base in brackets unless it is one thing."""
        return raised(base.at_least(ATOM, self.marks), power)

    def root(self, box: Box) -> Box:
        """A square root: a sign before what is short, a word before what is tall."""
        if len(box.lines) == 1 and box.tight == ATOM and not self.ascii_only:
            return beside(text("√"), box)
        return beside(text(self.plain("√")), box.bracketed(self.marks))

    def call(self, name: str, *arguments: Box) -> Box:
        """A function's name with its arguments in brackets."""
        inner = arguments[0]
        for other in arguments[1:]:
            inner = beside(inner, text(", "), other)
        return beside(text(name), inner.bracketed(self.marks))

    def cases(self, arguments: list[ast.expr]) -> Box:
        """A brace before one line per case; a chain of `where` is one list."""
        rows, rest = [], arguments
        while True:
            test, then, other = rest
            rows.append([self.box(then), beside(text("if "), self.box(test))])
            if not (isinstance(other, ast.Call) and isinstance(other.func, ast.Name) and other.func.id == "where"):
                break
            rest = other.args
        rows.append([self.box(other), text("else")])
        return boxes.braced(boxes.stacked(rows), self.marks).holding(CASES)
