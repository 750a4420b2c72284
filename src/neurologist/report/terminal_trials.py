"""Trials in a terminal: the table of verdicts, what came of it, and the cure as a diff that `patch` reads.

Nothing is indented, so that the diff can be copied. May import: rich, `diagnose`, `report.trials`. Its columns come
from `report.trials`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from neurologist.diagnose.languages import Say, of_report
from neurologist.diagnose.trials import Trials
from neurologist.report import words
from neurologist.report.trials import Page, Row, view

SHOWN = 12  # verdicts in the table; other formats have all
WIDTH = 100
COLOURS = {"cured": "green", "helped": "cyan", "worse": "red", "failed": "red", "no effect": "dim"}


def text(trials: Trials, width: int = WIDTH) -> str:
    """All of it as plain text, in English."""
    console = Console(width=width, color_system=None, force_terminal=False, highlight=False)
    tr = of_report("en")
    page = view(trials, tr)
    with console.capture() as captured:
        for part in parts(page, tr):
            console.print(part)
    told = (line.rstrip().replace(words.BREAK, "") for line in captured.get().splitlines())
    return "\n".join([*told, *edit(page, tr)])


def parts(page: Page, tr: Say) -> Iterator[RenderableType]:
    """The table, what came of it, and what else is to be known."""
    if page.rows:
        yield _table(page, tr)
    yield Text(words.breakable(page.outcome))
    for note in page.notes:
        yield Text(words.breakable(note))


def edit(page: Page, tr: Say) -> Iterator[str]:
    """The cure as an edit, line by line; no line is broken or cut, else it could not be applied."""
    for _, lines in page.edits:
        yield from ("", *lines)
    for said in page.by_hand:
        yield from ("", *f"{tr('By hand: ')}{said}".splitlines())


def _table(page: Page, tr: Say) -> Table:
    """One row per plan."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(page.headings[0], overflow="fold", ratio=1)
    table.add_column(page.headings[1], no_wrap=True)
    for heading in page.headings[2:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in page.rows[:SHOWN]:
        table.add_row(*_cells(row))
    if len(page.rows) > SHOWN:
        table.add_row(Text(tr(f"... and {len(page.rows) - SHOWN} more tried"), style="dim"))
    return table


def _cells(row: Row) -> list[Text]:
    label = f"{row.label}: {row.why}" if row.verdict == "failed" else row.label
    return [Text(words.breakable(label)), Text(row.word, style=COLOURS[row.verdict]), *map(Text, row.cells)]
