r"""LaTeX as MathML, which browsers draw by themselves: the part of LaTeX that `functional.latex` writes.

Anything else is an error, so that no formula is shown half.
May import: the standard library. A new command needs one line in a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

TOKEN = re.compile(r"\\begin\{\w+\*?\}|\\end\{\w+\*?\}|\\[a-zA-Z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.S)
LETTERS: Mapping[str, str] = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "theta": "θ"},
    **{"lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "sigma": "σ", "tau": "τ"},
}
SIGNS: Mapping[str, str] = {
    **{"le": "≤", "ge": "≥", "cdot": "⋅", "infty": "∞", "ldots": "…", "partial": "∂", "in": "∈"},
    **{"{": "{", "}": "}"},
}
SPACES: Mapping[str, str] = {",": "0.17em", ";": "0.28em", " ": "0.25em", "quad": "1em"}
FUNCTIONS = frozenset({"log", "tanh", "sin", "cos", "sinh", "cosh", "arctan", "max", "min", "arg", "exp"})
WORD = '<mo lspace="0.17em" rspace="0em">{}</mo>'  # a function's name, a little off what it is multiplied by
BIG: Mapping[str, str] = {"sum": "∑"}


def mathml(latex: str) -> str:
    r"""A `math` element.

    >>> mathml(r"\frac{x}{2}")
    '<math displaystyle="true"><mfrac><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></mfrac></math>'
    """
    return f'<math displaystyle="true">{_Reader(latex).row(())}</math>'


class _Reader:
    """Reads tokens one by one."""

    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.left: list[str] = [token for token in TOKEN.findall(latex) if not token.isspace()][::-1]

    def next(self) -> str:
        """The next token, taken off."""
        if not self.left:
            raise ValueError(f"LaTeX {self.latex!r} ends too soon: expected whole groups")
        return self.left.pop()

    def row(self, stops: tuple[str, ...]) -> str:
        """Everything up to one of the tokens, which is left, with what stands above and below."""
        made = []
        while self.left and self.left[-1] not in stops:
            made.append(self.scripted())
        return "".join(made)

    def scripted(self) -> str:
        """One part with its indices."""
        token = self.left[-1]
        base = self.part()
        below = above = ""
        while self.left and self.left[-1] in ("_", "^"):
            if self.next() == "_":
                below = self.group()
            else:
                above = self.group()
        if not below and not above:
            return base
        under = token.removeprefix("\\") in {*BIG, "max", "min"}
        both = ("munderover", "munder", "mover") if under else ("msubsup", "msub", "msup")
        name = both[0] if below and above else both[1] if below else both[2]
        return f"<{name}>{base}{below}{above}</{name}>"

    def group(self) -> str:
        """What stands in braces, or the one part that needs none."""
        if self.left and self.left[-1] == "{":
            self.next()
            body = self.row(("}",))
            self.next()
            return f"<mrow>{body}</mrow>"
        return self.part()

    def part(self) -> str:
        """A letter, a number, a command with what it takes."""
        token = self.next()
        if token == "{":
            self.left.append(token)
            return self.group()
        if token.startswith("\\begin"):
            return self.table(token)
        if token.startswith("\\"):
            return self.command(token[1:])
        if token in ("}", "&", "_", "^"):
            raise ValueError(f"LaTeX {self.latex!r} has {token!r} too much: expected whole groups")
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        return f"<mo>{escape('−' if token == '-' else token)}</mo>"

    def command(self, name: str) -> str:
        """A command."""
        if name in ("frac", "sqrt"):
            parts = self.group() + (self.group() if name == "frac" else "")
            return f"<m{name}>{parts}</m{name}>"
        if name == "left":
            return self.brackets()
        if name == "operatorname":
            return WORD.format(self.words())
        if name in ("mathrm", "text"):
            tag = "mtext" if name == "text" else "mi"
            return f"<{tag}>{self.words()}</{tag}>"
        if name in LETTERS:
            return f"<mi>{LETTERS[name]}</mi>"
        if name in FUNCTIONS:
            return WORD.format(name)
        if name in BIG or name in SIGNS:
            return f"<mo>{BIG.get(name) or SIGNS[name]}</mo>"
        if name in SPACES:
            return f'<mspace width="{SPACES[name]}"/>'
        raise ValueError(f"LaTeX {self.latex!r} uses \\{name}: expected what functional.latex writes; add it here")

    def words(self) -> str:
        """Upright letters up to the closing brace."""
        self.next()
        letters = []
        while (token := self.next()) != "}":
            letters.append(token.removeprefix("\\"))
        return escape("".join(letters))

    def brackets(self) -> str:
        """Brackets that grow with what they hold."""
        opening = self.next()
        body = self.row(("\\right",))
        self.next()
        closing = self.next()
        left, right = (f"<mo>{escape(sign.removeprefix(chr(92)))}</mo>" for sign in (opening, closing))
        return f"<mrow>{left}{body}{right}</mrow>"

    def table(self, opening: str) -> str:
        """Cases, or lines aligned at their equals signs."""
        kind = opening[len("\\begin{") : -1]
        ends = ("&", "\\\\", f"\\end{{{kind}}}")
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(f"<mtd>{self.row(ends)}</mtd>")
            token = self.next()
            if token == ends[1]:
                rows.append([])
            if token == ends[2]:
                break
        body = "".join(f"<mtr>{''.join(row)}</mtr>" for row in rows)
        return (
            f'<mtable class="{kind}">{body}</mtable>'  # the brace of cases is drawn by the style: few fonts stretch one
        )
