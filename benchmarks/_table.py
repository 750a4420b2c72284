"""Certificates as a page in Markdown; for `accuracy.py`."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isinf
from typing import Any

LIMITS = {"float32": 4.0, "bfloat16": 1.0, "float16": 1.0}  # ULP that the project allows a function
Row = dict[str, Any]


def markdown(rows: Sequence[Row], count: int) -> str:
    """The page: a summary, what is beyond the limits, and the table."""
    lines = [
        "# Certificates",
        "",
        f"Made by `python benchmarks/accuracy.py --points {count} --write docs`, which says what is measured and how.",
        "Errors are in ULP, the largest found: value / slope. Beside ours stands torch's own, where it has one.",
        "",
        *_summary(rows),
        "",
        *_beyond(rows),
        "",
        *_main(rows),
        "",
    ]
    return "\n".join(lines)


def largest(row: Row, dtype: str, way: str = "ours") -> float:
    """The larger of a function's two figures."""
    return max(entry["ulp"] for entry in row["dtypes"][dtype][way])


def within(row: Row, dtype: str) -> bool:
    """Whether a function keeps the limit of a dtype."""
    return largest(row, dtype) <= LIMITS[dtype]


def _summary(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| dtype | limit | within | share | NaN, infinite or 0, where the exact value is far from it |",
        "|---|---|---|---|---|",
    ]
    for dtype, limit in LIMITS.items():
        good = sum(within(row, dtype) for row in rows)
        broken = sum(entry["broken"] for row in rows for entry in row["dtypes"][dtype]["ours"])
        lines.append(f"| {dtype} | {limit:g} ULP | {good} of {len(rows)} | {good / len(rows):.1%} | {broken} inputs |")
    return lines


def _beyond(rows: Sequence[Row]) -> list[str]:
    lines = ["## Beyond the limit", ""]
    for row in rows:
        for dtype in LIMITS:
            if not within(row, dtype):
                places = [
                    f"{what} {_short(entry['ulp'])} at x = {entry['at']:.9g}"
                    for what, entry in zip(("value", "slope"), row["dtypes"][dtype]["ours"], strict=True)
                    if entry["ulp"] > LIMITS[dtype]
                ]
                lines.append(f"- `{row['name']}`, {dtype}: {'; '.join(places)}.")
    return [*lines, "- none"] if len(lines) == 2 else lines


def _main(rows: Sequence[Row]) -> list[str]:
    names = list(rows[0]["dtypes"])
    lines = [
        "## All functions",
        "",
        "Those marked * compute float32 and half precision in float64.",
        "",
        f"| function | {' | '.join(names)} | torch: {' | torch: '.join(names)} |",
        "|---" * (1 + 2 * len(names)) + "|",
    ]
    for row in rows:
        cells = [_pair(row, dtype, way) for way in ("ours", "torch") for dtype in names]
        lines.append(f"| `{row['name']}`{'*' if row['wide'] else ''} | {' | '.join(cells)} |")
    return lines


def _pair(row: Row, dtype: str, way: str) -> str:
    entries = row["dtypes"][dtype].get(way)
    return " / ".join(_short(entry["ulp"]) for entry in entries) if entries else ""


def _short(ulp: float) -> str:
    if isinf(ulp):
        return "not finite"
    return f"{ulp:.2f}" if ulp < 100 else f"{ulp:.3g}" if ulp < inf else ""
