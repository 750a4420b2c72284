"""The list of everything in the catalogue: names with what they are.

May import: rich, `catalogue`, `report`.
"""

from __future__ import annotations

from typing import IO

from rich.table import Table
from rich.text import Text

from neurologist.catalogue import activations, losses
from neurologist.report import json as json_
from neurologist.report.card import summary
from neurologist.report.card_markdown import table
from neurologist.report.terminal import console_like, rendered

Listed = list[dict[str, str]]


def listed() -> Listed:
    """Kind, name and summary of every member, activations first."""
    return [
        {"kind": spec_kind, "name": spec.name, "summary": summary(spec)}
        for spec_kind, family in (("activation", activations), ("loss", losses))
        for spec in family.values()
    ]


def text(rows: Listed, stream: IO[str]) -> str:
    """As a terminal shows it: one line per name where it fits."""
    console = console_like(stream)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for kind, heading in (("activation", "Activations"), ("loss", "Losses")):
        of_kind = [row for row in rows if row["kind"] == kind]
        grid.add_row(Text(f"{heading} ({len(of_kind)})", "cyan"), Text(""))
        for row in of_kind:
            grid.add_row(row["name"], Text(row["summary"]))
        grid.add_row("", "")
    grid.add_row(Text("One in full:", "dim"), Text("neurologist show NAME", "dim"))
    return "".join(rendered(console, grid))


def markdown(rows: Listed) -> str:
    """As a table."""
    return table(("name", "kind", "what it is"), [(f"`{r['name']}`", r["kind"], r["summary"]) for r in rows]) + "\n"


def json(rows: Listed) -> str:
    """As JSON."""
    return json_.dumps(rows)
