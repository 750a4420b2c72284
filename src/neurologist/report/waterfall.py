"""The gradient's waterfall as a table: one bar per op from the loss to the input, in decades.

May import: rich, `report.view`, `report.bars`, `report.words`. To add a column, add it to `waterfall` and `_row`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.table import Table
from rich.text import Text

from neurologist.report import words
from neurologist.report.bars import Glyphs, span
from neurologist.report.view import Step

MOST_ROWS = 24  # more ops than this are folded: the small ones between the large ones share a row
WIDE = 100  # columns from which on the gradient's own size is shown too
CHANGE = 0.05  # decades below which an op leaves the gradient as it is, as far as one decimal shows
SPARE = 8  # columns kept for the remark at the right: "most"


@dataclass(frozen=True)
class Fold:
    """Ops that change the gradient little, shown as one row."""

    count: int
    start: float
    end: float


def waterfall(steps: Sequence[Step], width: int, marks: Glyphs) -> Table:
    """The table; `width` is what it may take."""
    heights = [height for step in steps for height in (step.start, step.end)]
    low, high = min([0.0, *heights]), max([0.0, *heights])
    labels = min(max(len(step.label) for step in steps), 30 if width >= WIDE else 22)
    places = max(len(step.place) for step in steps)
    places = places if width >= WIDE else min(places, 16)
    wide = width >= WIDE
    room = max(8, width - labels - places - 14 - SPARE - (10 if wide else 0) - 8)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=labels, no_wrap=True, overflow="crop")
    table.add_column(width=places, no_wrap=True, overflow="crop", style="cyan")
    table.add_column(width=room, no_wrap=True, overflow="crop")
    table.add_column(width=7, justify="right", no_wrap=True, overflow="crop")
    table.add_column(width=7, justify="right", no_wrap=True, overflow="crop")
    if wide:
        table.add_column(width=8, justify="right", no_wrap=True, overflow="crop", style="dim")
    table.add_column(width=SPARE, no_wrap=True, overflow="crop")
    size = ["RMS"] if wide else []
    table.add_row("", "", "", *(Text(title, "dim") for title in ("decades", "total", *size, "")))
    short = [replace(s, label=words.shorten(s.label, labels), place=words.shorten(s.place, places)) for s in steps]
    for row in folded(short):
        cells = _cells(row, low, high, room, marks)
        table.add_row(*(cells if wide else cells[:5] + cells[6:]))
    return table


def _cells(row: Step | Fold, low: float, high: float, room: int, marks: Glyphs) -> list[Text]:
    bar = span(row.start, row.end, low, high, room, marks)
    if isinstance(row, Fold):
        said = [f"({words.plural(row.count, 'op')})", "", bar, words.decades(row.end - row.start)]
        return [Text(cell, "dim") for cell in (*said, words.decades(row.end), "", "")]
    style = "bold red" if row.worst else "yellow" if row.end > row.start + CHANGE else ""
    label = Text(row.label, "bold" if row.worst else "")
    total = words.decades(row.end) if row.decades is not None else ""
    rms = "" if row.rms is None else words.number(row.rms)
    cells = [Text(row.place), Text(bar, style), Text(_change(row), style), Text(total), Text(rms)]
    return [label, *cells, Text(f"{marks.back} most" if row.worst else "", "bold red")]


def _change(step: Step) -> str:
    # the loss has no gradient before it, the first layer none after it: nothing is missing there
    return "" if step.decades is None and step.edge else words.decades(step.decades)


def folded(steps: Sequence[Step]) -> Iterator[Step | Fold]:
    """The steps, with runs of the smallest ones folded when there are too many."""
    if len(steps) <= MOST_ROWS:
        yield from steps
        return
    by_size = sorted(range(1, len(steps) - 1), key=lambda i: -abs(steps[i].end - steps[i].start))
    kept = {0, len(steps) - 1, *by_size[: MOST_ROWS // 2]}
    run: list[Step] = []
    for i, step in enumerate(steps):
        if i not in kept:
            run.append(step)
            continue
        yield from _fold(run)
        run = []
        yield step


def _fold(run: list[Step]) -> Iterator[Step | Fold]:
    if len(run) == 1:
        yield run[0]
    elif run:
        yield Fold(len(run), run[0].start, run[-1].end)
