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

from neurologist.treat.verdict import Verdict, number

if TYPE_CHECKING:
    from neurologist.treat.fix import Cure
    from neurologist.treat.race import Lane, Race

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
        for note in cure.notes:
            console.print(Text(note))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


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
    """One row per plan. "As good at" is the step by which it knew what the untreated program knows at its end."""
    measure = verdicts[0].measure
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("treatment", overflow="fold", ratio=1)
    table.add_column("verdict", no_wrap=True)
    for heading in (measure, "gain, 95 %", "gradient, decades", "as good at", "seeds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for verdict in verdicts[:SHOWN]:
        table.add_row(*_row(verdict))
    if len(verdicts) > SHOWN:
        table.add_row(Text(f"... and {len(verdicts) - SHOWN} more tried", style="dim"))
    return table


def _row(verdict: Verdict) -> list[Text]:
    short = "" if verdict.whole else f" (first {verdict.steps} steps)"
    label, word = Text(f"{verdict.plan.label}{short}"), Text(verdict.verdict, style=COLOURS[verdict.verdict])
    if verdict.verdict == "failed":
        return [Text(f"{verdict.plan.label}: {verdict.error}"), word, *[Text("")] * 5]
    gain = f"{verdict.low:+.2f} to {verdict.high:+.2f}{' dec' if verdict.measure == 'R2' else ''}"
    reached = "never" if verdict.reached is None else f"step {verdict.reached}"
    before, after = ("?" if decades is None else f"{decades:+.1f}" for decades in verdict.gradient)
    score = f"{number(verdict.control)} -> {number(verdict.treated)}"
    return [label, word, *map(Text, (score, gain, f"{before} -> {after}", reached, str(verdict.seeds)))]


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
