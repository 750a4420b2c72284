"""The gradient's waterfall as a table: one bar per op from the loss to the input, in decades.

May import: rich, `report.view`, `report.bars`, `report.words`. To add a column, add it to `waterfall` and `_row`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from neurologist.diagnose.languages import Say
from neurologist.report import words
from neurologist.report.bars import Glyphs, span
from neurologist.report.view import Step

MOST_ROWS = 24  # more ops than this are folded: the small ones between the large ones share a row
WIDE = 100  # columns from which on theory's figure and the gradient's own size are shown too
CHANGE = 0.05  # decades below which an op leaves the gradient as it is, as far as one decimal shows
LONGEST = 36  # characters of a file's name
SPARE = 8  # columns kept for the remark at the right: "most"


@dataclass(frozen=True)
class Fold:
    """Ops that change the gradient little, shown as one row."""

    count: int
    start: float
    end: float


def waterfall(steps: Sequence[Step], width: int, marks: Glyphs, tr: Say) -> Table:
    """The table; `width` is what it may take, `tr` says its words in the reader's language."""
    heights = [height for step in steps for height in (step.start, step.end)]
    low, high = min([0.0, *heights]), max([0.0, *heights])
    wide = width >= WIDE
    file, rows = _in_one_file(list(folded(_shortened(steps, wide, marks))), tr)
    shown = [row for row in rows if isinstance(row, Step)]
    labels = max(cell_len(file), *(cell_len(row.label) for row in shown))
    places = max(cell_len(row.place) for row in shown)
    room = max(8, width - labels - places - 14 - SPARE - (18 if wide else 0) - 8)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=labels, no_wrap=True, overflow="crop")
    table.add_column(width=places, no_wrap=True, overflow="crop", style="cyan")
    table.add_column(width=room, no_wrap=True, overflow="crop")
    for size in (7, 7, 7, 8) if wide else (7, 7):
        table.add_column(width=size, justify="right", no_wrap=True, overflow="crop")
    table.add_column(width=SPARE, no_wrap=True, overflow="crop")
    titles = (tr("decades"), tr("theory"), tr("total"), "RMS") if wide else (tr("decades"), tr("total"))
    table.add_row(Text(file, "cyan"), "", "", *(Text(title, "dim") for title in titles), "")
    for row in rows:
        cells = _cells(row, low, high, room, marks, tr)
        table.add_row(*(cells if wide else cells[:4] + cells[5:6] + cells[7:]))
    return table


def _shortened(steps: Sequence[Step], wide: bool, marks: Glyphs) -> list[Step]:
    label, place = (36, 30) if wide else (24, 16)
    if len({_file(step) for step in steps if step.place}) == 1:
        label, place = label + 6, LONGEST  # the file's name will stand above, once
    cut = words.shorten
    return [replace(s, label=cut(s.label, label, marks.gap), place=cut(s.place, place, marks.gap)) for s in steps]


def _file(step: Step) -> str:
    return step.place.rpartition(":")[0]


def _in_one_file(rows: list[Step | Fold], tr: Say) -> tuple[str, list[Step | Fold]]:
    """The one file that all places are in, and the rows with line numbers only; or no file, and the rows."""
    files = {_file(row) for row in rows if isinstance(row, Step) and row.place}
    if len(files) != 1 or "" in files:
        return "", rows
    lines = [
        replace(row, place=tr(f"line {row.place.rpartition(':')[2]}")) if isinstance(row, Step) and row.place else row
        for row in rows
    ]
    return files.pop(), lines


def _cells(row: Step | Fold, low: float, high: float, room: int, marks: Glyphs, tr: Say) -> list[Text]:
    bar = span(row.start, row.end, low, high, room, marks)
    if isinstance(row, Fold):
        said = [f"({tr(words.plural(row.count, 'op'))})", "", bar, words.decades(row.end - row.start), ""]
        return [Text(cell, "dim") for cell in (*said, words.decades(row.end), "", "")]
    style = "bold red" if row.worst else "yellow" if row.end > row.start + CHANGE else ""
    label = Text(row.label, "bold" if row.worst else "")
    total = words.decades(row.end) if row.decades is not None else ""
    rms = "" if row.rms is None else words.number(row.rms)
    theory = "" if row.expected is None or row.decades is None else words.decades(row.expected)
    cells = [Text(row.place), Text(bar, style), Text(_change(row), style), Text(theory, "dim"), Text(total), Text(rms)]
    return [label, *cells, Text(f"{marks.back} {tr('most')}" if row.worst else "", "bold red")]


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
