"""A cure as text: the verdicts in a table, and what to do.

May import: rich, `treat.verdict`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurologist.treat.verdict import Verdict

if TYPE_CHECKING:
    from neurologist.treat.fix import Cure
    from neurologist.treat.race import Race

SHOWN = 12  # verdicts in the table; `cure.verdicts` has all
WIDTH = 100
COLOURS = {"cured": "green", "helped": "cyan", "worse": "red", "failed": "red", "no effect": "dim"}


def as_text(cure: Cure, width: int = WIDTH) -> str:
    """The whole cure as plain text."""
    console = Console(width=width, record=False, color_system=None, force_terminal=False, highlight=False)
    with console.capture() as captured:
        if cure.verdicts:
            console.print(verdict_table(cure.verdicts))
        console.print(Text(outcome(cure)))
    return captured.get().rstrip()


def outcome(cure: Cure) -> str:
    """The result in one or two sentences."""
    if cure.best is None:
        return f"No cure: {cure.why}."
    best = cure.verdicts[0]
    longer = f" Train {cure.best.longer:g} times as long." if cure.best.longer > 1 else ""
    seeds = f"{best.seeds} seed{'s' if best.seeds > 1 else ''}"
    numbers = f"{best.measure} {number(best.control)} -> {number(best.treated)}, {seeds}"
    return f"{best.verdict.capitalize()} by: {cure.best.label} ({numbers}).{longer}"


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """One row per plan."""
    measure = verdicts[0].measure
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("treatment", overflow="fold", ratio=1)
    table.add_column("verdict", no_wrap=True)
    for heading in (f"{measure} before", "after", "gain, 95 %", "steps", "seeds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for verdict in verdicts[:SHOWN]:
        table.add_row(*_row(verdict))
    if len(verdicts) > SHOWN:
        table.add_row(Text(f"... and {len(verdicts) - SHOWN} more tried", style="dim"))
    return table


def _row(verdict: Verdict) -> list[Text]:
    word = Text(verdict.verdict, style=COLOURS[verdict.verdict])
    if verdict.verdict == "failed":
        return [
            Text(verdict.plan.label),
            word,
            Text(""),
            Text(""),
            Text((verdict.error or "")[:40]),
            Text(""),
            Text(""),
        ]
    gain = f"{verdict.low:+.2f} to {verdict.high:+.2f}{' dec' if verdict.measure == 'R2' else ''}"
    cells = (number(verdict.control), number(verdict.treated), gain, str(verdict.steps), str(verdict.seeds))
    return [Text(verdict.plan.label), word, *map(Text, cells)]


def number(value: float) -> str:
    """Four digits, or what it is instead of a number."""
    if not isfinite(value):
        return "diverged"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.1e}"


def race_text(race: Race, width: int = WIDTH) -> str:
    """A race's standing as plain text."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    unit = race.measure if race.measure == "accuracy" else "decades of error"
    for heading in ("activation", unit, "+-", "learning rate x", "seeds"):
        table.add_column(heading, justify="left" if heading == "activation" else "right")
    for lane in race.lanes:
        rates = ", ".join(f"{factor:g}" for factor in dict.fromkeys(lane.factors))
        half = number(lane.half) if isfinite(lane.half) else "-"
        table.add_row(*map(Text, (lane.name, number(lane.worth), half, rates, str(lane.seeds))))
    console = Console(width=width, color_system=None, force_terminal=False, highlight=False)
    with console.capture() as captured:
        console.print(table)
        console.print(Text(_winner(race)))
        for lane in race.lanes:
            for error in lane.errors:
                console.print(Text(f"{lane.name} failed: {error}"))
    return captured.get().rstrip()


def _winner(race: Race) -> str:
    if race.winner is not None:
        return f"{race.winner} is best."
    if not isfinite(race.smallest):
        return "No difference can be told from one seed: run more."
    return f"No difference found between the first two; below {race.smallest:.3g} it could not have been seen."
