"""A cure as plain data for the views: verdicts, curves and the edit.

May import: `diagnose`, the lower files of this room.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from neurologist.diagnose.history import thinned
from neurologist.diagnose.trials import Arm, Course, Edit, Trials
from neurologist.treat.trial import LAST

if TYPE_CHECKING:
    from neurologist.treat.fix import Cure
    from neurologist.treat.task import Task
    from neurologist.treat.trial import Trial
    from neurologist.treat.verdict import Verdict

POINTS = 150  # of a curve: a page with fifty arms stays below 1 MB


def course(trial: Trial, task: Task) -> Course:
    """The curve of one run; its scores only where every backward pass was scored."""
    losses, scores = trial.losses, trial.scores
    passes = thinned(range(1, len(losses) + 1), POINTS)
    scored = 0 <= len(losses) - len(scores) <= 1  # the last pass may have ended the run before it was scored

    def score(end: int) -> float | None:
        return _shown(task.worth(scores[end - LAST : end]), task) if scored and LAST <= end <= len(scores) else None

    return Course(passes, tuple(_finite(losses[i - 1]) for i in passes), tuple(map(score, passes)), trial.steps)


def unit(task: Task) -> str:
    """What the scores of a course are in."""
    return task.measure if task.kind != "numbers" else "1 - R2"


def _shown(worth: float, task: Task) -> float:
    return worth if task.kind != "numbers" else 10**-worth


def told(cure: Cure) -> Trials:
    """Everything that the trials of a cure showed."""
    edit, best = cure.edit, cure.best
    return Trials(
        measure=cure.verdicts[0].measure if cure.verdicts else "",
        unit=cure.unit,
        arms=tuple(map(_arm, cure.verdicts)),
        found=best is not None,
        longer=best.longer if best is not None else 1.0,
        why=cure.why,
        control=cure.control,
        first=cure.first,
        edits=tuple(Edit(change.path, change.diff) for change in edit.changes),
        by_hand=tuple(edit.by_hand),
        notes=cure.notes,
    )


def _arm(verdict: Verdict) -> Arm:
    control, treated, low, high = map(_finite, (verdict.control, verdict.treated, verdict.low, verdict.high))
    return Arm(
        verdict.plan.label,
        verdict.verdict,
        control,
        treated,
        low,
        high,
        gradient=verdict.gradient,
        reached=verdict.reached,
        steps=verdict.steps,
        seeds=verdict.seeds,
        whole=verdict.whole,
        error=verdict.error,
        left=verdict.left,
        own_loss=any(treatment.changes_loss for treatment in verdict.plan.treatments),
        course=verdict.course,
    )


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
