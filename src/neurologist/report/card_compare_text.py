"""A comparison in a terminal: functions side by side, traits from top to bottom, in blocks where there are many.

May import: rich, `report`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import ceil
from typing import IO, Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurologist.report.card_compare import FORMULA
from neurologist.report.card_words import plain
from neurologist.report.terminal import console_like, rendered, speaks_unicode

NARROWEST = 12  # columns of one function: the longest word of most cells
WIDEST = 30
GAP = 1
LONG_NUMBER = re.compile(r"\d+\.\d{6,}")
LONGEST = 100  # characters of a formula; a longer one is shown by its own card


def show(compared: Mapping[str, Any], stream: IO[str]) -> None:
    """Write a comparison to `stream` as it can show it."""
    console, ascii_only = console_like(stream), not speaks_unicode(stream)
    compared = plain(dict(compared)) if ascii_only else compared
    titles = compared["columns"]
    room = console.width - max(map(len, titles))
    parts: list[RenderableType] = []
    for rows in blocks(compared["rows"], max(1, room // (NARROWEST + GAP))):
        parts += [_block(titles, rows, min(room // len(rows) - GAP, WIDEST), ascii_only), Text("")]
    parts += [Padding(Text(note, "dim"), (0, 0, 0, 2)) for note in compared["notes"]]
    stream.write("".join(line for part in parts for line in rendered(console, part)))


def blocks(rows: Sequence[Any], fits: int) -> list[Sequence[Any]]:
    """The rows in as few blocks as will do, of nearly equal size.

    >>> blocks([1, 2, 3, 4, 5, 6], 5)
    [[1, 2, 3], [4, 5, 6]]
    """
    count = ceil(len(rows) / fits)
    size = ceil(len(rows) / count)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _block(titles: Sequence[str], rows: Sequence[Mapping[str, str]], width: int, ascii_only: bool) -> Table:
    grid = Table.grid(padding=(0, GAP))
    grid.add_column(style="dim", no_wrap=True)
    for _ in rows:
        grid.add_column(width=width, overflow="fold")
    grid.add_row("", *(Text(row["name"], "bold") for row in rows))
    rule = "-" if ascii_only else "─"
    grid.add_row(rule * max(map(len, titles)), *(Text(rule * width) for _ in rows), style="dim")
    for title in titles:
        cells = [_short(row[title], row["name"]) if title == FORMULA else row[title] for row in rows]
        grid.add_row(title, *map(Text, cells))
        if max(map(len, cells)) > width and title != titles[-1]:
            grid.add_row("")  # between rows of several lines, which would run into each other
    return grid


def _short(formula: str, name: str) -> str:
    """A formula in a cell, its numbers in few digits."""
    formula = LONG_NUMBER.sub(lambda number: f"{float(number[0]):.6g}", formula)
    return formula if len(formula) <= LONGEST else f"(long: neurologist show {name})"
