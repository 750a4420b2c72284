"""What was seen over time: how gradients, activations and weights went from sample to sample, for plots.

Nothing is decided here. May import: `diagnose.diagnosis`, `diagnose.waterfall`, `diagnose.finding`, the record. To
show one more number over time, name its column in `ACTIVATION` or `WEIGHTS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_
from typing import Any

from neurologist.diagnose.diagnosis import History, Track, Waterfall
from neurologist.diagnose.finding import Origin
from neurologist.diagnose.waterfall import waterfalls
from neurologist.record import Op, Parameter, Run

GRADIENT = ("rms_in", "rms_out", "decades", "total")  # fields of a bar
ACTIVATION = ("low", "q05", "q25", "q50", "q75", "q95", "high", "zero_share", "saturated_share", "units")
WEIGHTS = ("rms", "gradient", "ratio")
NUMBERS = 120_000  # in all, about 1 MB in a page; beyond, samples are left out
LATE = 3  # samples at the end of a run in which a dead unit must be silent, as far as there are so many
FEWEST = 8  # samples that are kept, however many ops there are

Numbers = dict[str, tuple[float | None, ...]]
Row = dict[str, Any]


def history(run: Run, way: Waterfall | None) -> History:
    """What was seen over time, of the ops of a waterfall and of all activations and parameters."""
    ways = {found.step: found for found in waterfalls(run)}
    firing = [op for op in run.ops if run.rows("activation", op)]
    readers = {parameter: op for op in reversed(run.ops) for parameter in op.parameters}  # of each, the first
    trained = [parameter for parameter in run.parameters.values() if run.rows("weights", parameter)]
    trained.sort(key=lambda parameter: readers[parameter].position if parameter in readers else len(run.ops))
    bars = [bar for bar in way.bars if bar.op is not None] if way else []
    each = len(GRADIENT) * len(bars) + (len(ACTIVATION) + 1) * len(firing) + len(WEIGHTS) * len(trained)
    chosen = thinned(_steps(run, ways, firing, trained), max(FEWEST, NUMBERS // max(1, each)))
    steps = tuple(sorted({*chosen, *([way.step] if way else [])}))
    losses = dict(run.losses)
    seen: dict[int, list[Row]] = {bar.op: [] for bar in bars if bar.op is not None}
    for step in steps:
        for bar in ways[step].bars if step in ways else ():
            if bar.op in seen:
                seen[bar.op].append({"step": step, **{name: getattr(bar, name) for name in GRADIENT}})
    return History(
        steps,
        tuple(losses.get(step) for step in steps),
        tuple(Track(b.label, b.origin, b.op, _numbers(seen[b.op], GRADIENT, steps)) for b in bars if b.op is not None),
        tuple(_activation(run, op, steps) for op in firing),
        tuple(_weights(run, parameter, readers.get(parameter), steps) for parameter in trained),
    )


def thinned(steps: Sequence[int], most: int) -> tuple[int, ...]:
    """At most so many of the steps, evenly spread, both ends among them."""
    if len(steps) <= most:
        return tuple(steps)
    return tuple(steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most))


def _steps(run: Run, ways: dict[int, Waterfall], firing: list[Op], trained: list[Parameter]) -> list[int]:
    found = set(ways)
    found |= {row["step"] for op in firing for row in run.rows("activation", op)}
    found |= {row["step"] for parameter in trained for row in run.rows("weights", parameter)}
    return sorted(found)


def _numbers(rows: Iterable[Row], columns: Sequence[str], steps: Sequence[int]) -> Numbers:
    """The columns that hold anything, one value for each step."""
    by_step = {row["step"]: row for row in rows}
    found = {name: tuple(by_step[s].get(name) if s in by_step else None for s in steps) for name in columns}
    return {name: values for name, values in found.items() if any(value is not None for value in values)}


def _activation(run: Run, op: Op, steps: Sequence[int]) -> Track:
    rows = run.rows("activation", op)
    dead = dict(_dead(rows))
    columns = (*ACTIVATION, "dead")
    numbers = _numbers([{**row, "dead": dead.get(row["step"])} for row in rows], columns, steps)
    return Track(op.label, Origin(op.file, op.line, op.code, op.module), op.id, numbers)


def _dead(rows: list[Row]) -> Iterator[tuple[int, int]]:
    """Step -> units that are silent in this sample, in every later one and in the last few, latest first."""
    counted = [row for row in reversed(rows) if row.get("silent_units") is not None]
    bits = [int.from_bytes(row["silent_units"], "little") for row in counted]
    silent = reduce(and_, bits[:LATE], -1)  # one sample of silence is no death
    for row, now in zip(counted, bits, strict=True):
        silent &= now
        yield row["step"], silent.bit_count()


def _weights(run: Run, parameter: Parameter, op: Op | None, steps: Sequence[int]) -> Track:
    place = Origin(op.file, op.line, op.code, op.module) if op else Origin()
    rows = run.rows("weights", parameter)
    return Track(parameter.name, place, op.id if op else None, _numbers(rows, WEIGHTS, steps))
