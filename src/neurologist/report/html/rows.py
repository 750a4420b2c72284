"""The rows of the page's tables: the waterfall's ops, activations over time, dead units, updates.

Texts are clean and numbers are as measured; a row's `paths` are drawn by the template. May import: `report.view`,
`report.words`, `report.html.figures`, `diagnose`. To add a table, add a function from a diagnosis to rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from neurologist.diagnose.diagnosis import Bar, Diagnosis, Track
from neurologist.diagnose.finding import Origin
from neurologist.diagnose.languages import Say
from neurologist.report import words
from neurologist.report.html.figures import Scale, band, line, scale
from neurologist.report.levels import heaviest, heights
from neurologist.report.view import Step

DIGITS = 7  # significant digits of the numbers that the page holds
MOST = 600  # ops in the waterfall's table; of more, those that change the gradient most
TICKS = 8  # of the waterfall's axis, about
USUAL = 1e-3  # update to weight in healthy training

Numbers = dict[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        numbers: what was measured -> its value at each step.
        paths: a small drawing, (class, path) each; `ends` say the ends of its scale.
        cells: numbers at the chosen step: (column, text, value); no column where the step makes no difference.
        step: of the waterfall: the op as other views show it; `left`, `width` and `theory` are where its bar stands
            and where theory ends it, in percent.
    """

    id: str
    label: str
    place: str
    module: str
    code: str
    numbers: Numbers = field(default_factory=dict)
    paths: tuple[tuple[str, str], ...] = ()
    ends: tuple[str, str] = ("", "")
    kind: str = ""
    shape: str = ""
    expected: float | None = None
    step: Step | None = None
    left: float = 0.0
    width: float = 0.0
    theory: float | None = None
    cells: tuple[tuple[str, str, Any], ...] = ()


@dataclass(frozen=True)
class Fall:
    """The waterfall at every examined step, on one axis from `high` (left) to `low` decades."""

    steps: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()
    low: int = -1
    high: int = 0
    ticks: tuple[tuple[int, float], ...] = ()
    worst: tuple[int | None, ...] = ()
    left_out: int = 0
    places: tuple[str, ...] = field(default=())


def falls(diagnosis: Diagnosis, shown: Sequence[Step], tr: Say) -> Fall:
    """The waterfall's rows; `shown` are the same ops as every other view shows them."""
    way, history = diagnosis.waterfall, diagnosis.history
    if way is None:
        return Fall()
    tracks = {track.op: track for track in history.gradients}
    followed = way.step in history.steps and all(bar.op in tracks for bar in way.bars)
    steps = history.steps if followed else (way.step,)
    ways = [[_then(bar, tracks[bar.op], i) for bar in way.bars] for i in range(len(steps))] if followed else [way.bars]
    levels = [heights(bars) for bars in ways]
    low, high = _ends([height for at_step in levels for pair in at_step for height in pair])
    kept = _largest(way.bars)
    here = steps.index(way.step)
    worst = [heaviest(bars) if not diagnosis.healthy else None for bars in ways]
    rows = []
    for i in kept:
        bars = [at_step[i] for at_step in ways]
        at_step = [level[i] for level in levels]
        numbers: Numbers = {name: tuple(getattr(b, name) for b in bars) for name in ("rms_in", "rms_out", "total")}
        numbers["decades"] = tuple(None if i == 0 and b.kind == "loss" else b.decades for b in bars)
        numbers |= {"start": tuple(start for start, _ in at_step), "end": tuple(end for _, end in at_step)}
        rows.append(_fall(i, way.bars[i], shown[i], numbers, at_step[here], (low, high)))
    places = {Path(bar.origin.file).name for bar in way.bars if bar.origin.file}
    return Fall(
        steps, tuple(rows), low, high, _ticks(low, high), tuple(kept.index(w) if w in kept else None for w in worst),
        len(way.bars) - len(kept), tuple(words.clean(place) for place in sorted(places)),
    )  # fmt: skip


def _then(bar: Bar, track: Track, i: int) -> Bar:
    seen = {name: track.numbers.get(name, ()) for name in ("rms_in", "rms_out", "decades", "total")}
    then: dict[str, Any] = {name: values[i] if values else None for name, values in seen.items()}
    return replace(bar, **then)


def _ends(levels: list[float]) -> tuple[int, int]:
    low, high = math.floor(min([0.0, *levels])), math.ceil(max([0.0, *levels]))
    return (low, high) if low < high else (low - 1, high)


def _ticks(low: int, high: int) -> tuple[tuple[int, float], ...]:
    """Whole decades and their place from the left, 0 to 100."""
    gap = next(size for size in (1, 2, 5, 10, 20, 50, 100, 500, 10**4) if (high - low) / size <= TICKS)
    return tuple((at, 100 * (high - at) / (high - low)) for at in range(high // gap * gap, low - 1, -gap))


def _largest(bars: Sequence[Bar]) -> list[int]:
    """Which ops are shown: all, or both ends and those that change the gradient most, in the order of its way."""
    if len(bars) <= MOST:
        return list(range(len(bars)))
    by_size = sorted(range(1, len(bars) - 1), key=lambda i: -abs(bars[i].decades or 0.0))
    return sorted({0, len(bars) - 1, *by_size[: MOST - 2]})


def _fall(i: int, bar: Bar, step: Step, numbers: Numbers, level: tuple[float, float], axis: tuple[int, int]) -> Row:
    low, high = axis
    left, right = (100 * (high - level) / (high - low) for level in (max(level), min(level)))
    theory = None if bar.expected is None else 100 * (high - (level[0] + bar.expected)) / (high - low)
    return replace(
        _row(f"op-{i if bar.op is None else bar.op}", bar.label, bar.origin), numbers=numbers, kind=bar.kind,
        shape=" × ".join(map(str, bar.shape)), expected=bar.expected, step=step, left=left, width=right - left,
        theory=theory if theory is not None and 0 <= theory <= 100 and step.decades is not None else None,
    )  # fmt: skip


def _row(anchor: str, label: str, origin: Origin) -> Row:
    file = words.clean(Path(origin.file).name) if origin.file else ""
    place = f"{file}:{origin.line}" if file and origin.line else file
    code = words.code_line((origin.code or "").strip())
    return Row(anchor, words.clean(label), place, words.clean(origin.module or ""), code)


# -- over time ------------------------------------------------------------------------------------------------


def activations(diagnosis: Diagnosis, at: int, tr: Say) -> tuple[Row, ...]:
    """What each activation put out: a band of quantiles for each sample."""
    rows = []
    for track in diagnosis.history.activations:
        numbers = {name: values for name, values in track.numbers.items() if name not in ("dead", "units")}
        if "q50" not in numbers:
            continue
        on = scale([*numbers["q05"], *numbers["q95"]])
        paths = (
            ("wide", band(numbers["q05"], numbers["q95"], on)),
            ("narrow", band(numbers["q25"], numbers["q75"], on)),
            ("middle", line(numbers["q50"], on)),
        )
        cells = tuple(_cell(numbers, name, at) for name in ("q05", "q50", "q95", "zero_share", "saturated_share"))
        row = _row(f"act-{track.op}", track.label, track.origin)
        rows.append(replace(row, numbers=numbers, paths=paths, cells=cells, ends=_said(on)))
    return tuple(rows)


def dead(diagnosis: Diagnosis, at: int, tr: Say) -> tuple[Row, ...]:
    """Layers in which units are dead at some sample: silent in it and in all that follow."""
    rows = []
    for track in diagnosis.history.activations:
        numbers: Numbers = {name: track.numbers[name] for name in ("dead", "units") if name in track.numbers}
        if "dead" not in numbers or "units" not in numbers or not any(numbers["dead"]):
            continue
        on = Scale(0.0, max(units for units in numbers["units"] if units is not None))
        zeros = [None if value is None else 0.0 for value in numbers["dead"]]
        paths = (("narrow", band(zeros, numbers["dead"], on)), ("middle", line(numbers["dead"], on)))
        last = [value for value in numbers["dead"] if value is not None][-1]
        cells = (_cell(numbers, "dead", at), ("", words.number(last), plain(last)), _cell(numbers, "units", at))
        row = _row(f"dead-{track.op}", track.label, track.origin)
        rows.append(replace(row, numbers=numbers, paths=paths, cells=cells, ends=_said(on)))
    return tuple(rows)


def updates(diagnosis: Diagnosis, at: int, tr: Say) -> tuple[Row, ...]:
    """Update-to-weight ratio of every parameter that had one, all on the same scale."""
    tracks = [track for track in diagnosis.history.weights if "ratio" in track.numbers]
    on = scale([USUAL, *(value for track in tracks for value in track.numbers["ratio"])], log=True)
    usual = f"M0 {on.y(USUAL):.1f}H200"
    rows = []
    for i, track in enumerate(tracks):
        numbers = track.numbers
        cells = tuple(_cell(numbers, name, at) for name in ("ratio", "rms", "gradient"))
        paths = (("usual", usual), ("middle", line(numbers["ratio"], on)))
        row = _row(f"weights-{i}", track.label, track.origin)
        rows.append(replace(row, numbers=numbers, paths=paths, cells=cells, ends=(f"1e{on.high:g}", f"1e{on.low:g}")))
    return tuple(rows)


def _said(on: Scale) -> tuple[str, str]:
    return words.number(on.high), words.number(on.low)


def _cell(numbers: Numbers, name: str, at: int) -> tuple[str, str, Any]:
    values = numbers.get(name, ())
    value = values[at] if at < len(values) else None
    return name, "–" if value is None else words.share(value) if "share" in name else words.number(value), plain(value)


def plain(value: Any) -> Any:
    """A number as JSON has it, in `DIGITS` digits; what is not finite as a word, as in the JSON report."""
    if not isinstance(value, float):
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if math.isfinite(value):
        return float(f"{value:.{DIGITS}g}")
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
