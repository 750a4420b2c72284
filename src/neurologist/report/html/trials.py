"""Trials as the page needs them: rows with small drawings for the template, curves for the scripts.

May import: `report.trials`, `report.html.rows`, `report.html.figures`, `diagnose`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurologist.diagnose.languages import Say
from neurologist.diagnose.trials import Arm, Course, Trials
from neurologist.report import words
from neurologist.report.html.figures import Numbers, line, scale
from neurologist.report.html.rows import Row, plain
from neurologist.report.trials import Page, measured, view
from neurologist.report.trials import Row as Said


@dataclass(frozen=True)
class Tried:
    """`rows` are pairs: a row with its drawing, and its texts."""

    said: Page
    rows: tuple[tuple[Row, Said], ...]
    found: bool


def tried(trials: Trials, base: Path | None, tr: Say) -> Tried:
    """What the template shows."""
    said = view(trials, tr, base)
    rows = tuple(
        (_row(f"trial-{i}", trials, arm, row), row)
        for i, (arm, row) in enumerate(zip(trials.arms, said.rows, strict=True), 1)
    )
    return Tried(said, rows, trials.found)


def data(trials: Trials, page: Tried, tr: Say) -> dict[str, Any]:
    """What the scripts are given."""
    arms = [
        {
            "id": row.id, "label": said.label, "course": _course(arm.course), "same": said.same,
            "control": int(trials.beside(arm) is not trials.control), "curveless": said.curveless,
        }
        for arm, (row, said) in zip(trials.arms, page.rows, strict=True)
    ]  # fmt: skip
    controls = [_course(trials.control), _course(trials.first)]
    return {"unit": measured(trials.unit, tr), "share": trials.unit != "1 - R2", "controls": controls, "arms": arms}


def _course(course: Course) -> dict[str, list[Any]]:
    return {
        "passes": list(course.passes),
        "losses": [plain(loss) for loss in course.losses],
        "scores": [plain(score) for score in course.scores],
    }


def _row(anchor: str, trials: Trials, arm: Arm, said: Said) -> Row:
    """Both courses in one small drawing: of the score, or of the loss where that is the same and no score is known."""
    both = (trials.beside(arm), arm.course)
    scored = all(any(score is not None for score in course.scores) for course in both)
    passes = sorted({at for course in both for at in course.passes})
    values = [_along(course, course.scores if scored else course.losses, passes) for course in both]
    if said.curveless or not (scored or said.same):
        return Row(anchor, said.label, "", "", "")
    known = [value for column in values for value in column if value is not None]
    on = scale(known, log=trials.unit == "1 - R2" or (not scored and min(known) > 0))
    ends = (words.number(on.high), words.number(on.low)) if not on.log else (f"1e{on.high:g}", f"1e{on.low:g}")
    paths = (("control", line(values[0], on)), ("treated", line(values[1], on)))
    return Row(anchor, said.label, "", "", "", paths=paths, ends=ends)


def _along(course: Course, values: Numbers, passes: Sequence[int]) -> list[float | None]:
    """The latest value at each of these passes, up to the end of the course."""
    found: list[float | None] = []
    for at in passes:
        i = bisect_right(course.passes, at) - 1
        found.append(values[i] if i >= 0 and at <= course.passes[-1] else None)
    return found
