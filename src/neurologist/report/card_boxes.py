"""Boxes of text that are put beside and above each other: what formulas over several lines are built of.

May import: the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass

CASES, SUM, PRODUCT, POWER, ATOM = range(5)  # how tightly a part holds together


@dataclass(frozen=True)
class Marks:
    """The characters that boxes are drawn with; brackets are top, middle, bottom, and alone."""

    bar: str
    dot: str
    left: tuple[str, str, str, str]
    right: tuple[str, str, str, str]
    brace: tuple[str, str, str, str]
    side: str


UNICODE = Marks("─", "·", ("⎛", "⎜", "⎝", "("), ("⎞", "⎟", "⎠", ")"), ("⎧", "⎨", "⎩", "{"), "│")
PLAIN = Marks("-", "*", ("/", "|", "\\", "("), ("\\", "|", "/", ")"), ("/", "<", "\\", "{"), "|")


@dataclass(frozen=True)
class Box:
    """Lines of equal length.

    Attributes:
        lines: from top to bottom.
        base: the line that stands level with what is beside it.
        tight: how tightly it holds together.
    """

    lines: tuple[str, ...]
    base: int = 0
    tight: int = ATOM

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.lines[0])

    def holding(self, tight: int) -> Box:
        """The same box, held together otherwise."""
        return Box(self.lines, self.base, tight)

    def bracketed(self, marks: Marks) -> Box:
        """In round brackets."""
        return beside(_tall(marks.left, self), self, _tall(marks.right, self))

    def at_least(self, tight: int, marks: Marks) -> Box:
        """In brackets where it holds together less tightly than that."""
        return self if self.tight >= tight else self.bracketed(marks)


def text(content: str, tight: int = ATOM) -> Box:
    """A box of one line."""
    return Box((content,), 0, tight)


def beside(*boxes: Box) -> Box:
    """Boxes from left to right, with their base lines level."""
    above, below = max(box.base for box in boxes), max(len(box.lines) - box.base for box in boxes)
    columns = []
    for box in boxes:
        empty = " " * box.width
        columns.append([empty] * (above - box.base) + [*box.lines] + [empty] * (below - len(box.lines) + box.base))
    return Box(tuple("".join(line) for line in zip(*columns, strict=True)), above)


def stacked(rows: list[list[Box]], gap: int = 2) -> Box:
    """Rows of boxes from top to bottom, in columns that begin level."""
    wide = [max(row[at].width for row in rows) for at in range(len(rows[0]))]
    lines: list[str] = []
    for row in rows:
        *first, last = (_padded(box, width + gap) for box, width in zip(row, wide, strict=True))
        lines += beside(*first, _padded(row[-1], last.width - gap)).lines
    return Box(tuple(lines), len(lines) // 2 if len(lines) % 2 else len(lines) // 2 - 1)


def braced(box: Box, marks: Marks) -> Box:
    """Behind a curly brace."""
    return beside(_tall(marks.brace, box, middle=box.base), text(" "), box).holding(CASES)


def fraction(above: Box, below: Box, marks: Marks) -> Box:
    """One over the other."""
    width = max(above.width, below.width) + 2
    lines = (*_centred(above, width), marks.bar * width, *_centred(below, width))
    return Box(lines, len(above.lines), PRODUCT)


def raised(base: Box, power: Box) -> Box:
    """One raised to the other."""
    above = tuple(" " * base.width + line for line in power.lines)
    return Box((*above, *(line + " " * power.width for line in base.lines)), len(power.lines) + base.base, POWER)


def sides(box: Box, marks: Marks) -> Box:
    """Between the bars of an absolute value."""
    bar = Box((marks.side,) * len(box.lines), box.base)
    return beside(bar, box, bar)


def _tall(marks: tuple[str, str, str, str], box: Box, middle: int | None = None) -> Box:
    """A bracket as tall as a box; a brace has its point at `middle` and bars elsewhere."""
    height = len(box.lines)
    if height == 1:
        return Box((marks[3],), 0)
    bar = marks[1] if middle is None else "⎪" if marks[0] == "⎧" else "|"
    lines = [marks[0], *[bar] * (height - 2), marks[2]]
    if middle is not None and 0 < middle < height - 1:
        lines[middle] = marks[1]
    return Box(tuple(lines), box.base)


def _padded(box: Box, width: int) -> Box:
    return Box(tuple(line.ljust(width) for line in box.lines), box.base, box.tight)


def _centred(box: Box, width: int) -> tuple[str, ...]:
    return tuple(line.center(width) for line in box.lines)
