"""Certificates as a page in Markdown; for `accuracy.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isinf
from typing import Any

from _sweep import KINDS, LIMITS

from neurologist.catalogue import activations

Row = dict[str, Any]
UNPROMISED = "float64"  # there is no wider type to compute in
BROKEN = {"not_finite": "not finite", "zero": "zero"}
INTRODUCTION = """# Certificates

How far every function's value and slope are from the truth, at their worst. `python benchmarks/accuracy.py --write
docs/certificates.md` makes this page and the JSON beside it, and says what is measured and how.

- **Inputs**: all finite values of bfloat16 and float16; {points:,} of float32 and of float64, evenly spaced in the
  logarithm over both signs from the smallest subnormal to the largest number, a tenth as many evenly over [-30, 30],
  zeros, the dtype's edges, and 129 floats around each root and each branch point.
- **Truth**: the textbook formula in balls of proved error, at every one of these inputs.
- **ULP**: the distance between neighbouring numbers of the dtype at the exact value, also where these are subnormal. A
  correctly rounded result is off by at most 0.5.
- **Not finite**: NaN or infinity where the exact result is within the dtype's range. **Zero**: 0 where the exact result
  is at least the dtype's smallest number.
- **Slope**: what autograd gives. At a kink, anything between the slopes on either side is right.

torch {torch} on one kind of processor ({processor}); on another, results may differ in the last place.
"""
DIFFERENCES = (
    "The exponential of a difference of two scores is off by up to half that difference, in ULP: the difference is "
    "rounded first.",
    "torch's softmax and ours are alike in this; what differs is the slope.",
)


def markdown(found: dict[str, Any]) -> str:
    """The page: a summary, what is beyond the limits and why, and the tables."""
    members: dict[str, Row] = found["members"]
    numbers = {name: row for name, row in members.items() if name in activations and not activations[name].vector}
    vectors = {name: row for name, row in members.items() if name in activations and activations[name].vector}
    losses = {name: row for name, row in members.items() if name not in activations}
    labels = list(next(iter(members.values())))
    parts: list[Iterable[str]] = [INTRODUCTION.format(**found["about"]).splitlines()]
    if numbers:
        parts += [_summary(numbers, labels), _beyond(numbers, [label for label in labels if label != UNPROMISED])]
    if losses:
        parts += [_table("Losses of one score", losses, labels), _confident(losses, labels)]
    if vectors:
        parts += [_table("Functions of vectors", vectors, labels), DIFFERENCES]
    for label in labels if numbers else ():
        parts.append(_table(f"Functions of numbers in {label}", numbers, [label]))
    if numbers or losses:
        parts.append(_ends({**numbers, **losses}, labels))
    if numbers and UNPROMISED in labels:
        parts.append(_beyond(numbers, [UNPROMISED]))
    return "\n".join(line for part in parts for line in [*part, ""]).rstrip() + "\n"


def largest(row: Row, label: str, way: str = "ours") -> float:
    """The larger error of value and slope."""
    return max(float(row[label][way][kind]["ulp"]) for kind in KINDS)


def _summary(rows: dict[str, Row], labels: list[str]) -> Iterator[str]:
    yield "## Summary"
    yield ""
    yield "Functions of numbers whose value and slope both keep the limit at every input; inputs with broken results."
    yield ""
    yield "| dtype | limit | ours within | share | not finite | zero | torch's within | not finite | zero |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for label in labels:
        theirs = {name: row for name, row in rows.items() if "torch" in row[label]}
        cells = [*_within(rows, label, "ours"), *_within(theirs, label, "torch")]
        del cells[5]  # torch's share
        yield f"| {label} | {LIMITS[label]:g} ULP | {' | '.join(cells)} |"
    yield ""
    yield f"Of {UNPROMISED} nothing is promised: there is no wider type to compute in. torch has only some functions."


def _within(rows: dict[str, Row], label: str, way: str) -> list[str]:
    good = sum(largest(row, label, way) <= LIMITS[label] for row in rows.values())
    counts = [sum(row[label][way][kind][what] for row in rows.values() for kind in KINDS) for what in BROKEN]
    return [f"{good} of {len(rows)}", f"{good / max(len(rows), 1):.1%}", *map(str, counts)]


def _beyond(rows: dict[str, Row], labels: list[str]) -> Iterator[str]:
    yield f"## Beyond the limit in {', '.join(labels)}"
    for label in labels:
        listed = [
            f"- `{name}`, {kind}: {_ulp(entry)} ULP at x = {entry['at']!r}; {_why(entry)}."
            for name, row in rows.items()
            for kind in KINDS
            if float((entry := row[label]["ours"][kind])["ulp"]) > LIMITS[label]
        ]
        yield ""
        yield f"**{label}**, more than {LIMITS[label]:g} ULP:" + ("" if listed else " none.")
        if listed:
            yield ""
        yield from listed


def _why(entry: Row) -> str:
    match entry.get("why"):
        case {"subnormal": exact}:
            return f"the exact result {exact:.3g} is subnormal"
        case {"root": root, "units": units}:
            return (
                f"it passes through 0 at {root:g}, where the error is {units:g} ULP of its largest size within 1 of it"
            )
        case {"steep": times}:
            return f"steep: a relative change of the input is {times:g} times as large in the result"
    return "not explained"


def _table(title: str, rows: dict[str, Row], labels: list[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "Largest error in ULP and where; in brackets how many results are broken."
    yield ""
    several = len(labels) > 1
    yield f"| |{' dtype |' if several else ''} value | slope | torch: value | torch: slope |"
    yield "|---" * (5 + several) + "|"
    for name, row in rows.items():
        for label in labels:
            cells = [_cell(row[label].get(way, {}).get(kind)) for way in ("ours", "torch") for kind in KINDS]
            yield f"| `{name}` |{f' {label} |' if several else ''} {' | '.join(cells)} |"


def _confident(rows: dict[str, Row], labels: list[str]) -> Iterator[str]:
    yield "A confident and right score of 10 (or -10): what is left to learn from. Loss / slope."
    yield ""
    yield "| loss | dtype | exact | ours | torch |"
    yield "|---|---|---|---|---|"
    for name, row in rows.items():
        for label in labels:
            pairs = row[label]["confident"]
            cells = [" / ".join(f"{v + 0.0:.4g}" for v in pairs[way]) for way in ("exact", "ours", "torch")]
            yield f"| `{name}` | {label} | {' | '.join(cells)} |"


def _cell(entry: Row | None) -> str:
    if entry is None:
        return ""
    broken = ", ".join(f"{entry[what]} {words}" for what, words in BROKEN.items() if entry[what])
    place = f"({', '.join(f'{v:.3g}' for v in entry['row'])})" if "row" in entry else f"{entry['at']:.9g}"
    at = f" at {place}" if float(entry["ulp"]) > 0 else ""
    return f"{_ulp(entry)}{at}{f' ({broken})' if broken else ''}"


def _ulp(entry: Row) -> str:
    ulp = float(entry["ulp"])
    return "not finite" if isinf(ulp) else f"{ulp:.2f}" if ulp < 100 else f"{ulp:.3g}"


def _ends(rows: dict[str, Row], labels: list[str]) -> Iterator[str]:
    yield "## At infinity"
    yield ""
    yield "Where a result at an infinite input is not the limit of the exact one. A limit is told by two far inputs."
    for way in ("ours", "torch"):
        yield ""
        yield f"**{'Ours' if way == 'ours' else 'torch'}**:"
        yield ""
        listed = list(_wrong(rows, labels, way))
        yield from listed or ["- none"]


def _wrong(rows: dict[str, Row], labels: list[str], way: str) -> Iterator[str]:
    for name, row in rows.items():
        found: dict[str, list[str]] = {}
        for label in labels:
            for wrong in row[label].get(way, {}).get("ends", []):
                found.setdefault(wrong, []).append(label)
        if found:
            yield f"- `{name}`: {'; '.join(_said(wrong, where, labels) for wrong, where in found.items())}."


def _said(wrong: str, where: list[str], labels: list[str]) -> str:
    return wrong if where == labels else f"{wrong} ({', '.join(where)})"
