"""What a trial says: the treated arm against the control, on one scale.

May import: `diagnose`, `treat.outcome`, `treat.task`, `treat.plan`, `treat.trial`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, sqrt
from statistics import fmean, stdev
from typing import Literal

from neurologist.diagnose.trials import Course
from neurologist.treat.outcome import course
from neurologist.treat.plan import Plan
from neurologist.treat.task import Task
from neurologist.treat.trial import LAST, Trial

Word = Literal["cured", "helped", "no effect", "worse", "failed"]
ACCURACY = 0.012  # smallest gain that counts; accuracies and decades of error below it are chance
DECADES = 0.08
FEWEST = 0.004
ALONE = 3.0  # times as much counts from one seed: what runs differ by themselves one pair of them cannot tell
ROOM = 0.75  # share of what is left to gain, that counts at any rate
FULL = 0.99  # accuracy or R2 beyond which there is nothing left to gain
SOONER = 0.5  # share of the control's steps in which the same is learnt, that counts as learning better
# two-sided 95 % quantiles of Student's t by degrees of freedom (any table); beyond the last about 2
STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)


@dataclass(frozen=True)
class Verdict:
    """A plan's effect.

    Attributes:
        plan: the treatments; print it.
        verdict: "cured" (nothing of what was found is left, and it learns better, or the same in half the steps, or
            as well where nothing was left to gain), "helped" (it learns better), "no effect" (no difference beyond
            chance), "worse", or "failed" (it says nothing: see `error`).
        measure: "accuracy" or "R2"; control, treated: their value.
        gain: how much better; for numbers in decades of error. low, high: its 95 % interval.
        whole: the treated arm ran to the program's end, not only the first steps.
        steps: optimizer steps of the treated arm. seeds: on how many seeds it rests.
        reached: steps in which the treated arm knew what the control knew at its end; None when it never did.
        gradient: decades that the gradient loses (below 0) or wins from the predictions to the first layer: of the
            control, and treated; None where that was not seen.
        course: of the treated arm, from the first seed, for its curves.
        left: rules that still speak of an error or a warning in it; None where it was not examined.
        error: what the treated arm failed with.
    """

    plan: Plan
    verdict: Word
    measure: str
    control: float
    treated: float
    gain: float
    low: float
    high: float
    steps: int
    seeds: int
    whole: bool = True
    reached: int | None = None
    gradient: tuple[float | None, float | None] = (None, None)
    course: Course = field(default=Course(), repr=False)
    left: tuple[str, ...] | None = None
    error: str | None = None


def margin(task: Task, start: float = 0.0) -> float:
    """The smallest gain that counts, from a worth on: of the last few errors, half of them."""
    return DECADES if task.kind == "numbers" else min(ACCURACY, max(FEWEST, (1 - start) / 2))


def judge(controls: list[Trial], treated: list[Trial], task: Task) -> Verdict:
    """The verdict on a plan, from its trials and the control's, one of each per seed.

    The interval is Student's over the seeds' paired differences. With one seed it is the chance of the batches'
    scores, which is all that one run can tell; since runs differ by more, a gain must then be larger to count.
    """
    gains = [t.worth - c.worth for t, c in zip(treated, controls, strict=True)]
    last = treated[0]
    mean = fmean(gains) if all(map(isfinite, gains)) else (-inf if isfinite(controls[0].worth) else 0.0)
    half = _half(gains, controls[0], last, task)
    before, after = (task.value(fmean(t.worth for t in trials)) for trials in (controls, treated))
    return Verdict(
        last.plan,
        _word(controls[0], last, task, mean, half, len(gains)),
        task.measure,
        before,
        after,
        gain=mean,
        low=mean - half,
        high=mean + half,
        steps=last.steps,
        seeds=len(gains),
        whole=last.whole,
        reached=_reached(controls[0], last, task),
        gradient=(controls[0].gradient, last.gradient),
        course=course(last, task),
        left=None if last.diagnosis is None else tuple(f.rule for f in last.diagnosis.serious),
        error=last.error,
    )


def _word(control: Trial, treated: Trial, task: Task, mean: float, half: float, seeds: int) -> Word:
    if treated.error is not None:
        return "failed"
    least = smallest(task, control.worth, seeds)
    if mean > least and mean - half > 0:
        return "cured" if _healthy(treated) else "helped"
    if mean < -least and mean + half < 0:
        return "worse"
    if _healthy(treated) and (_sooner(control, treated, task) or _no_room(control, task, mean)):
        return "cured"
    return "no effect"


def smallest(task: Task, start: float, seeds: int) -> float:
    """The smallest mean gain over so many seeds, from a worth on, that counts as one."""
    least = margin(task, start)
    if seeds > 1:
        return least
    left = inf if task.kind == "numbers" or not isfinite(start) else ROOM * (1 - start)
    return max(least, min(ALONE * least, left))


def _no_room(control: Trial, task: Task, mean: float) -> bool:
    """What was found is gone, and it does as well as could be: there was nothing left to gain."""
    sick = control.diagnosis is not None and not control.diagnosis.healthy
    return sick and task.value(control.worth) >= FULL and mean > -margin(task, control.worth)


def _healthy(trial: Trial) -> bool:
    return trial.diagnosis is not None and trial.diagnosis.healthy


def reached(trial: Trial, worth: float, task: Task) -> int | None:
    """The step at which the mean of a trial's latest scores first comes to a worth."""
    length = min(LAST, len(trial.scores))
    windows = (trial.scores[i : i + length] for i in range(len(trial.scores) - length + 1))
    return next((i + length for i, window in enumerate(windows) if window and task.worth(window) >= worth), None)


def _goal(control: Trial, task: Task) -> float:
    """What the control knows at its end."""
    return task.worth(control.scores[-LAST:]) - margin(task)


def _reached(control: Trial, treated: Trial, task: Task) -> int | None:
    return reached(treated, _goal(control, task), task) if control.scores else None


def _sooner(control: Trial, treated: Trial, task: Task) -> bool:
    """The treated arm knows in half the steps what the control knows at its end."""
    goal = _goal(control, task)
    late, soon = reached(control, goal, task), reached(treated, goal, task)
    return late is not None and soon is not None and soon <= SOONER * late


def half_width(values: Sequence[float]) -> float:
    """Half of Student's 95 % interval of the mean of two or more values."""
    return STUDENT[min(len(values) - 2, len(STUDENT) - 1)] * stdev(values) / sqrt(len(values))


def _half(gains: list[float], control: Trial, treated: Trial, task: Task) -> float:
    if not all(map(isfinite, gains)):
        return 0.0
    if len(gains) > 1:
        return half_width(gains)
    return 2 * sqrt(sum(trial.chance**2 for trial in (control, treated)))


def number(value: float) -> str:
    """Four digits, or what it is instead of a number."""
    if not isfinite(value):
        return "diverged"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.1e}"
