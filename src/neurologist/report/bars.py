"""Bars and sparklines out of characters, in Unicode and in ASCII.

Pure functions from numbers to strings of a given width; colours are the caller's. May import: the standard library
only. To add a drawing, add a function that takes `Glyphs`, so that it works without Unicode too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Glyphs:
    """The characters that drawings and layout are made of."""

    levels: str
    bad: str
    lost: str
    won: str
    tick: str
    pointer: str
    margin: str
    bullet: str
    rule: str
    arrow: str
    back: str
    gap: str


UNICODE = Glyphs("▁▂▃▄▅▆▇█", "×", "█", "▒", "│", "▶", "│", "•", "─", "→", "◀", "…")
PLAIN = Glyphs("_.-=+*%#", "x", "#", "+", "|", ">", "|", "-", "-", "->", "<-", "...")


def glyphs(ascii_only: bool) -> Glyphs:
    """The characters for a terminal with or without Unicode."""
    return PLAIN if ascii_only else UNICODE


def sparkline(values: Sequence[float | None], width: int, marks: Glyphs) -> str:
    """At most `width` characters; each is the mean over its share of `values`, in log scale when all are positive.

    A share that holds a value that was not finite (None) is marked as such.
    """
    if not values or width < 1:
        return ""
    width = min(width, len(values))
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    means = [_mean(values[a:b]) for a, b in pairwise(edges)]
    known = [m for m in means if m is not None]
    scale = math.log if known and min(known) > 0 and max(known) > 10 * min(known) else float
    low, high = (scale(min(known)), scale(max(known))) if known else (0.0, 0.0)
    return "".join(marks.bad if m is None else _level(scale(m), low, high, marks.levels) for m in means)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None and math.isfinite(v)]
    return sum(known) / len(known) if len(known) == len(values) else None


def _level(value: float, low: float, high: float, levels: str) -> str:
    if high <= low:
        return levels[len(levels) // 2]
    return levels[round((value - low) / (high - low) * (len(levels) - 1))]


def span(start: float, end: float, low: float, high: float, width: int, marks: Glyphs) -> str:
    """One step of a waterfall on an axis from `low` to `high`: a bar from `start` to `end`, `width` characters in all.

    A fall is drawn in one character and a rise in another, so that they differ without colour; no change is a tick.
    """
    scale = (width - 1) / (high - low) if high > low else 0.0
    # the highest point stands at the left: the gradient runs rightwards as it is lost
    first, last = sorted(round((high - v) * scale) for v in (start, end))
    if abs(end - start) < 0.05:
        return (" " * last + marks.tick).ljust(width)
    mark = marks.lost if end < start else marks.won
    return (" " * first + mark * max(1, last - first)).ljust(width)[:width]
