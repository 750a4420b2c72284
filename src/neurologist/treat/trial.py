"""One trial: what an arm is asked, and the numbers that it gives. Both travel between processes.

May import: the lower files of this room, `diagnose`, `watch`.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from math import inf, isfinite
from statistics import fmean

from neurologist.diagnose import Diagnosis, Settings
from neurologist.treat.carry import Carry
from neurologist.treat.plan import Plan
from neurologist.treat.program import Ending, Program, run
from neurologist.treat.seen import Seen
from neurologist.treat.task import Task
from neurologist.treat.tracing import Tracer
from neurologist.watch.sampler import Spaced
from neurologist.watch.session import Session

LAST = 10  # losses or scores averaged


@dataclass(frozen=True)
class Job:
    """What an arm is asked.

    Attributes:
        plan: its treatments.
        number: the seed that it starts from.
        steps: at most. seconds: at most; it is stopped at a step.
        task: how to score predictions; None to find out, and to note the program's calls.
        examined: findings are looked for in it.
        whole: it runs to the end of the program, or to what the control came to.
        settings: of the user, by which it is diagnosed.
    """

    plan: Plan = field(default_factory=Plan)
    number: int = 0
    steps: int | None = None
    seconds: float | None = None
    task: Task | None = None
    examined: bool = False
    whole: bool = True
    settings: Settings = field(default_factory=Settings)


@dataclass
class Trial:
    """What one run of one arm gave.

    Attributes:
        plan: its treatments. number: its seed.
        worth: its score, higher is better, see `Task.worth`; -inf when it failed. chance: standard error of it.
        recall: mean over the classes of the share of their examples that are recognised, 0 to 1.
        steps: optimizer steps taken. ended: by the program itself.
        error: what it failed with.
        losses: of every backward pass, of all rounds where the plan takes longer. scores: likewise, of its predictions.
        seconds: it took.
        diagnosis: what was found in it, where it was examined.
        whole: it ran to the end of the program, not only the first steps.
        seen: the program's calls, task and data, where they were noted.
        place: among the jobs that were asked for together.
    """

    plan: Plan = field(default_factory=Plan)
    number: int = 0
    worth: float = -inf
    chance: float = 0.0
    recall: float = 0.0
    steps: int = 0
    ended: bool = False
    error: str | None = None
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    seconds: float = 0.0
    diagnosis: Diagnosis | None = None
    whole: bool = True
    seen: Seen | None = None
    place: int = 0

    @property
    def loss(self) -> float | None:
        """Its mean loss at the end, where that is still the program's own; None otherwise or when it is not finite."""
        last = self.losses[-LAST:]
        if not last or not all(map(isfinite, last)) or any(t.changes_loss for t in self.plan.treatments):
            return None
        return fmean(last)

    @property
    def errors(self) -> int:
        """How many errors were found in it."""
        return sum(f.severity == "error" for f in self.diagnosis.findings) if self.diagnosis is not None else 0

    @property
    def left(self) -> int:
        """How many errors and warnings were found in it."""
        return sum(f.severity != "info" for f in self.diagnosis.findings) if self.diagnosis is not None else 0

    @property
    def gradient(self) -> float | None:
        """Decades that the gradient loses (below 0) or wins between the predictions and the first layer."""
        waterfall = self.diagnosis.waterfall if self.diagnosis is not None else None
        totals = [bar.total for bar in waterfall.bars if bar.total is not None] if waterfall else []
        return totals[-1] if totals else None


def conduct(program: Program, job: Job) -> Trial:
    """Run a program as a job asks; an error of the program ends the trial and is kept in it."""
    tracer = Tracer() if job.task is None else None
    session = Session(sampler=Spaced(), settings=job.settings) if job.examined else None
    ending = _run(program, job, tracer, session)
    trial = Trial(job.plan, job.number, steps=ending.steps, ended=ending.ended, error=ending.error, whole=job.whole)
    trial.losses, trial.scores, trial.seconds = ending.losses, ending.scores, ending.seconds
    task = job.task
    if tracer is not None:
        trial.seen, trial.scores = tracer.finish(), tracer.scores
        trial.seen.ended, trial.seen.steps, trial.seen.optimizers = ending.ended, ending.steps, ending.optimizers
        task = trial.seen.task
    if session is not None and ending.losses:
        trial.diagnosis = session.diagnose(tracer is not None)  # only the control's is shown as a page
    if task is not None:
        trial.worth, trial.chance, trial.recall = ending.worth(task), ending.chance(task), ending.recall(task)
    return trial


def _run(program: Program, job: Job, tracer: Tracer | None, session: Session | None) -> Ending:
    """The program, as many times over as the plan takes longer; the last time is the one that is examined."""
    running, times = copy.deepcopy(list(job.plan.treatments)), max(1, round(job.plan.longer))
    began = time.monotonic()
    ending: Ending | None = None
    for turn in range(times):
        left = None if job.seconds is None else job.seconds - (time.monotonic() - began)
        if ending is not None and (ending.error is not None or (left is not None and left <= 0)):
            break
        carry = ending.carry if ending is not None else Carry()
        last = session if turn == times - 1 else None
        before, ending = ending, run(
            program, running, number=job.number, steps=job.steps, seconds=left, carry=carry, observer=tracer,
            session=last, task=job.task,
        )  # fmt: skip
        if before is not None:
            ending.losses, ending.scores = before.losses + ending.losses, before.scores + ending.scores
            ending.steps += before.steps
    assert ending is not None
    return ending
