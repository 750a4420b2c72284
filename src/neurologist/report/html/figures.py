"""Small drawings that stand in the page's tables: one column per sample, as the points of an SVG.

Pure functions from numbers to attributes of `<path>`; what has no number leaves a gap. May import: the standard
library. To add a drawing, add a function that takes a `Scale`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 200.0, 32.0  # of the view box; the page stretches it
Numbers = Sequence[float | None]


@dataclass(frozen=True)
class Scale:
    """From a number to a height in the view box; `log` for decades."""

    low: float
    high: float
    log: bool = False

    def y(self, value: float) -> float:
        """Height of a value, counted from the top; what lies outside stands at the border."""
        if self.log:
            value = math.log10(value) if value > 0 else self.low
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return HEIGHT * (1 - min(1.0, max(0.0, share)))


def scale(values: Numbers, log: bool = False) -> Scale:
    """The scale that just holds the values; whole decades when `log`."""
    known = [v for v in values if v is not None and math.isfinite(v) and (v > 0 or not log)]
    if not known:
        return Scale(0.0, 1.0, log)
    low, high = min(known), max(known)
    if log:
        return Scale(math.floor(math.log10(low)), math.ceil(math.log10(high)), True)
    return Scale(low, high)


def line(values: Numbers, on: Scale) -> str:
    """A line through the values."""
    parts = []
    for piece in _pieces([[value] for value in values], on):
        points = [f"{x:.1f} {ys[0]:.1f}" for x, ys in piece]
        parts.append("M" + "L".join(points if len(points) > 1 else points * 2))
    return "".join(parts)


def band(low: Numbers, high: Numbers, on: Scale) -> str:
    """The area between two lines."""
    parts = []
    for piece in _pieces(list(zip(low, high, strict=True)), on):
        below = [f"{x:.1f} {ys[0]:.1f}" for x, ys in piece]
        above = [f"{x:.1f} {ys[1]:.1f}" for x, ys in reversed(piece)]
        parts.append("M" + "L".join([*below, *above]) + "Z")
    return "".join(parts)


def _pieces(rows: Sequence[Sequence[float | None]], on: Scale) -> Iterator[list[tuple[float, list[float]]]]:
    """Runs of samples in which every value is known, as (x, heights); a lone sample is as wide as its column."""
    column = WIDTH / len(rows) if rows else WIDTH
    piece: list[tuple[float, list[float]]] = []
    for i, row in enumerate([*rows, [None]]):
        known = [v for v in row if v is not None and math.isfinite(v) and (v > 0 or not on.log)]
        if len(known) == len(row):
            piece.append((column * (i + 0.5), [on.y(value) for value in known]))
            continue
        if len(piece) == 1:
            x, ys = piece[0]
            piece = [(x - column / 2, ys), (x + column / 2, ys)]
        if piece:
            yield piece
        piece = []
