"""A race as text: its standing in a table, and who is best.

May import: rich, `treat.verdict`.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurologist.treat.verdict import number

if TYPE_CHECKING:
    from neurologist.treat.race import Lane, Race

WIDTH = 100


def race_text(race: Race, width: int = WIDTH) -> str:
    """A race's standing as plain text."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    unit = race.measure if race.measure == "accuracy" else "decades of error"
    table.add_column("arm", overflow="fold", ratio=1)
    goal = f"to {race.measure} {number(race.target)}"
    for heading in (unit, "+-", f"steps {goal}", "seconds", "gradient", "lr x", "seeds"):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("found", overflow="fold", ratio=1)
    for lane in race.lanes:
        table.add_row(*map(Text, _lane(lane)))
    console = Console(width=width, color_system=None, force_terminal=False, highlight=False)
    with console.capture() as captured:
        console.print(table)
        console.print(Text(_winner(race)))
        for lane in race.lanes:
            for error in dict.fromkeys(lane.errors):
                console.print(Text(f"{lane.name} failed: {error}"))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _lane(lane: Lane) -> tuple[str, ...]:
    rates = ", ".join(f"{factor:g}" for factor in dict.fromkeys(lane.factors))
    half = number(lane.half) if isfinite(lane.half) else "-"
    gradient = "-" if lane.gradient is None else f"{lane.gradient:+.1f} dec"
    seconds = "-" if lane.seconds is None else f"{lane.seconds:.3g}"
    reached = "never" if lane.reached is None else str(lane.reached)
    found = ", ".join(lane.found)
    return (lane.name, number(lane.worth), half, reached, seconds, gradient, rates, str(lane.seeds), found)


def _winner(race: Race) -> str:
    if race.winner is not None:
        return f"{race.winner} is best."
    ran = [lane for lane in race.lanes if isfinite(lane.worth)]
    if len(ran) < 2:
        return f"Only {ran[0].name} came to an end: there is nothing to compare." if ran else "No arm came to an end."
    if not isfinite(race.smallest):
        return "No difference can be told from one seed: run more."
    return f"No difference found between the first two; below {race.smallest:.3g} it could not have been seen."
