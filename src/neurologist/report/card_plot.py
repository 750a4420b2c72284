"""Curves in a terminal, drawn by plotext.

May import: plotext inside functions. What is drawn comes from `functional.curves`, which the caller asks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurologist.functional.curves import Curve

HEIGHT = 16  # lines
TALL = 25.0  # times the middle half's spread: values beyond are cut off, as at a pole
FRAME = str.maketrans("┌┐└┘─│├┤┬┴┼", "++++-|+++++")
MARKS = ("braille", "·")  # told apart without colour
SHOWN = ("⠤⠤", "··")  # as the legend has them
PLAIN_MARKS = ("*", ".")
TICKS = 6  # at most, along an axis


def drawn(curve: Curve, width: int, ascii_only: bool = False, colour: bool = False) -> str:
    """Value and slope of one curve, `width` columns wide, with a legend below."""
    marks = PLAIN_MARKS if ascii_only else MARKS
    text = _figure(curve.x.tolist(), [curve.value.tolist(), curve.slope.tolist()], width, marks, colour)
    shown = PLAIN_MARKS if ascii_only else SHOWN
    legend = "    ".join(f"{mark} {label}" for mark, label in zip(shown, curve.labels, strict=True))
    return f"{text.translate(FRAME) if ascii_only else text}\n     {legend}"


def caption(curve: Curve) -> str:
    """What varies and from where to where, and what stands still."""
    span = f"{curve.axis} from {curve.x[0]:.3g} to {curve.x[-1]:.3g}"
    return f"{span}; {curve.note}" if curve.note else span


def _figure(x: list[float], lines: Sequence[list[float]], width: int, marks: Sequence[str], colour: bool) -> str:
    import plotext

    figure: Any = plotext.figure  # there is one in the process
    figure.clear()
    figure.plot_size(width, HEIGHT)
    figure.theme("simple")
    low, high = _limits([value for values in lines for value in values])
    for values, mark in zip(lines, marks, strict=True):
        points = [(at, value) for at, value in zip(x, values, strict=True) if low <= value <= high]
        if points:
            figure.draw(figure.signal(*map(list, zip(*points, strict=True)), marker=mark))
    for axis, ends in (("x", (x[0], x[-1])), ("y", (low, high))):
        ticks = _ticks(*ends)
        figure.ruler(axis).ticks(ticks, [f"{tick:g}" for tick in ticks])
    text: str = figure.build().string(colorless=not colour)
    figure.clear()
    return "\n".join(line.rstrip() for line in text.splitlines())


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two ends."""
    if not high > low:
        return [low]
    rough = (high - low) / TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(times * size for times in (1, 2, 5, 10) if times * size >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """What of the values is drawn: all, unless a few are far beyond all others."""
    known = sorted(value for value in values if value - value == 0)  # neither infinite nor NaN
    if not known:
        return 0.0, 0.0
    quarter, three = known[len(known) // 4], known[3 * len(known) // 4]
    room = TALL * max(three - quarter, 1e-9)
    near = [value for value in known if quarter - room <= value <= three + room]
    return near[0], near[-1]
