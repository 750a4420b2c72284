"""What a trial says: the treated arm against the control, on one scale.

May import: `treat.task`, `treat.plan`, `treat.program`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt
from statistics import fmean, stdev
from typing import Literal

from neurologist.diagnose import Diagnosis
from neurologist.treat.plan import Plan
from neurologist.treat.program import Ending
from neurologist.treat.task import Task

Word = Literal["cured", "helped", "no effect", "worse", "failed"]
ACCURACY = 0.012  # smallest gain that counts; accuracies and decades of error below it are chance
DECADES = 0.08
FEWEST = 0.004
LAST = 10  # losses or scores averaged
SOONER = 0.5  # share of the control's steps in which the same is learnt, that counts as learning better
# two-sided 95 % quantiles of Student's t by degrees of freedom (any table); beyond the last about 2
STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)


@dataclass
class Trial:
    """One run of one arm.

    Attributes:
        plan: its treatments.
        ending: how it ended.
        worth: its score, higher is better, see `Task.worth`; -inf when it failed.
        diagnosis: what was found in it, where it was examined.
        whole: it ran to the end of the program, not only the first steps.
    """

    plan: Plan
    ending: Ending
    worth: float = -inf
    diagnosis: Diagnosis | None = None
    whole: bool = True

    @property
    def loss(self) -> float | None:
        """Its mean loss at the end, where that is still the program's own; None otherwise or when it is not finite."""
        last = self.ending.losses[-LAST:]
        if not last or not all(map(isfinite, last)) or any(t.changes_loss for t in self.plan.treatments):
            return None
        return fmean(last)


@dataclass(frozen=True)
class Verdict:
    """A plan's effect.

    Attributes:
        plan: the treatments; print it.
        verdict: "cured" (it learns better, or the same in half the steps, and nothing of what was found is left),
            "helped" (it learns better),
            "no effect" (no difference beyond chance), "worse", or "failed" (it says nothing: see `error`).
        measure: "accuracy" or "R2"; control, treated: their value.
        gain: how much better; for numbers in decades of error. low, high: its 95 % interval.
        steps: optimizer steps of the treated arm. seeds: on how many seeds it rests.
        losses: of the treated arm, for a curve.
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
    losses: tuple[float, ...] = ()
    error: str | None = None


def margin(task: Task, start: float = 0.0) -> float:
    """The smallest gain that counts, from a worth on: of the last few errors, half of them."""
    return DECADES if task.kind == "numbers" else min(ACCURACY, max(FEWEST, (1 - start) / 2))


def judge(controls: list[Trial], treated: list[Trial], task: Task) -> Verdict:
    """The verdict on a plan, from its trials and the control's, one of each per seed.

    The interval is Student's over the seeds' paired differences. With one seed it is the chance of the batches'
    scores, which is all that one run can tell: how much runs differ by themselves it does not hold, so that a verdict
    from one seed is a first look.
    """
    gains = [t.worth - c.worth for t, c in zip(treated, controls, strict=True)]
    last = treated[0]
    mean = fmean(gains) if all(map(isfinite, gains)) else (-inf if isfinite(controls[0].worth) else 0.0)
    half = _half(gains, controls[0], last, task)
    word: Word = "no effect"
    if last.ending.error is not None:
        word = "failed"
    elif mean > margin(task, controls[0].worth) and mean - half > 0:
        word = "cured" if _healthy(last) else "helped"
    elif mean < -margin(task) and mean + half < 0:
        word = "worse"
    elif _healthy(last) and _sooner(controls[0], last, task):
        word = "cured"
    before, after = (task.value(fmean(t.worth for t in trials)) for trials in (controls, treated))
    losses = tuple(last.ending.losses[:: max(1, len(last.ending.losses) // 60)])
    return Verdict(
        last.plan,
        word,
        task.measure,
        before,
        after,
        gain=mean,
        low=mean - half,
        high=mean + half,
        steps=last.ending.steps,
        seeds=len(gains),
        losses=losses,
        error=last.ending.error,
    )


def _healthy(trial: Trial) -> bool:
    return trial.diagnosis is not None and trial.diagnosis.healthy


def reached(trial: Trial, worth: float, task: Task) -> int | None:
    """The step at which the running mean of a trial's scores first comes to a worth."""
    scores = trial.ending.scores
    windows = (scores[i : i + LAST] for i in range(len(scores) - LAST + 1))
    return next((i + LAST for i, window in enumerate(windows) if task.worth(window) >= worth), None)


def _sooner(control: Trial, treated: Trial, task: Task) -> bool:
    """The treated arm knows in half the steps what the control knows at its end."""
    goal = task.worth(control.ending.scores[-LAST:]) - margin(task)
    late, soon = reached(control, goal, task), reached(treated, goal, task)
    return late is not None and soon is not None and soon <= SOONER * late


def _half(gains: list[float], control: Trial, treated: Trial, task: Task) -> float:
    if not all(map(isfinite, gains)):
        return 0.0
    if len(gains) > 1:
        return STUDENT[min(len(gains) - 2, len(STUDENT) - 1)] * stdev(gains) / sqrt(len(gains))
    return 2 * sqrt(sum(trial.ending.chance(task) ** 2 for trial in (control, treated)))
