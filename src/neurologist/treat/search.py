"""Looking for the treatments that cure: trials in rounds, each on top of the best so far.

A round tries every treatment that the findings propose, for a few steps; the better ones go on to the program's own
end; the best is kept, examined, and the next round starts from what is still found in it.
May import: the lower files of this room, `diagnose`, `watch`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cmp_to_key, partial
from math import inf, isfinite

from neurologist.diagnose import Diagnosis, Finding, Settings
from neurologist.diagnose.rule import Stage
from neurologist.treat.apart import Lost
from neurologist.treat.crew import Crew
from neurologist.treat.plan import Plan
from neurologist.treat.program import Program
from neurologist.treat.proposals import proposed
from neurologist.treat.seen import Seen
from neurologist.treat.task import Task
from neurologist.treat.treatment import treatments
from neurologist.treat.trial import Job, Trial, conduct
from neurologist.treat.verdict import judge, margin

ROUNDS = 5
BEAM = 3  # of the first round's best, where they are alike
FULL = 10  # times the asked steps: programs that end before are run to their end
FINALISTS = 5  # of a round that go on after the first steps
PERFECT = {"numbers": 4.0}  # worth beyond which nothing more is tried, in decades; for accuracy:
NEARLY_ALL = 0.995
GOOD = {"numbers": 2.0}  # decades of error, and
WELL = 0.9  # accuracy, that need no further change in a network where nothing is found
LONGEST = 64.0  # times the program's own length
LOST_AFTER = 20.0  # times the control's seconds: an arm that takes longer hangs, and
AT_LEAST = 120.0  # seconds
HANGS = 3600.0  # seconds after which the control is given up
RECALL_COUNTS = 0.1  # in accuracy, for the mean recall of the classes
LOSS_COUNTS = 0.06  # in accuracy, for a loss that has fallen to 0
AFTERWARDS = ("lr_too_high", "lr_too_low")  # what may come to light once something else is cured


@dataclass
class Search:
    """Trials of one program.

    Attributes:
        program: what is run.
        steps: of a first, short trial.
        crew: where arms run.
        deadline: on the clock of `time.monotonic`; no trial is begun after it.
        told: called with each trial.
        tried: the trials so far.
        seen: what the control showed.
        start: the control's worth. first_loss: its loss at the end.
        length: steps after which the control was stopped; None when it ended by itself.
        patience: seconds after which an arm is given up.
        short: the control's first steps, where arms were run for as many.
        loss_is_sound: nothing found speaks against the loss itself.
        settings: of the user, by which arms are diagnosed.
    """

    program: Program
    steps: int
    crew: Crew
    deadline: float = inf
    told: Callable[[Trial], None] = lambda trial: None
    tried: list[Trial] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    first_loss: float | None = None
    loss_is_sound: bool = True
    start: float = -inf
    length: int | None = None
    patience: float = HANGS
    short: Trial | None = None
    settings: Settings = field(default_factory=Settings)

    @property
    def task(self) -> Task:
        """What is to be learnt."""
        assert self.seen.task is not None
        return self.seen.task

    @property
    def late(self) -> bool:
        """No more trials."""
        return time.monotonic() > self.deadline

    # -- trials -----------------------------------------------------------------------------------------------

    def control(self, seconds: float | None = None) -> Trial:
        """The program as it is, examined and traced, for so long at most."""
        whole = Job(steps=FULL * self.steps, seconds=seconds, examined=True, settings=self.settings)
        trial = next(self._conduct([whole]))
        if trial.seen is not None:
            self.seen = trial.seen
        if not trial.ended and trial.error is None:
            self.length = trial.steps
        self.first_loss, self.patience = trial.loss, LOST_AFTER * trial.seconds + AT_LEAST
        serious = [f for f in (trial.diagnosis or Diagnosis()).findings if f.severity != "info"]
        self.loss_is_sound = all(f.stage > Stage.OBJECTIVE for f in serious)
        self.start = trial.worth
        return trial

    def brief(self, plan: Plan) -> Job:
        """The first steps under a plan."""
        return Job(plan, steps=self.steps, task=self.task, whole=False)

    def whole(self, plan: Plan, number: int = 0) -> Job:
        """The whole program under a plan, examined, as many times as the plan takes longer; from seed `number`."""
        left = None if self.deadline == inf else max(1.0, self.deadline - time.monotonic())
        seconds = left if plan.longer > 1 else None
        return Job(plan, number, self.length or FULL * self.steps, seconds, self.task, True, settings=self.settings)

    def trials(self, jobs: Iterable[Job]) -> list[Trial]:
        """What these jobs give, in their order."""
        return list(self._noted(jobs))

    def _noted(self, jobs: Iterable[Job]) -> Iterator[Trial]:
        for trial in self._conduct(jobs):
            self.tried.append(trial)
            self.told(trial)
            yield trial

    def _conduct(self, jobs: Iterable[Job]) -> Iterator[Trial]:
        """Trials in the order in which they end; one whose process is lost is a trial that failed."""
        asked: list[Job] = []

        def calls() -> Iterator[Callable[[], Trial]]:
            for job in jobs:
                asked.append(job)
                yield partial(conduct, self.program, job)

        left = self.deadline - time.monotonic() if self.deadline < inf else 0.0
        for index, got in self.crew.results(calls(), max(self.patience, left + AT_LEAST)):
            job = asked[index]
            if isinstance(got, Lost):
                yield Trial(job.plan, job.number, error=got.reason, whole=job.whole, place=index)
            else:
                yield replace(got, plan=job.plan, place=index)

    # -- rounds -----------------------------------------------------------------------------------------------

    def best(self, control: Trial) -> Trial:
        """Rounds on top of each other until nothing more helps; then longer training, while that helps.

        Where the way from the first round's best ends in a poor place, those that were as good are gone on from too.
        """
        best = control
        for start in self._starts(control):
            end = self._climb(start)
            if best is control or self._better(end, best):
                best = end
            if self.late or self._cured(best):
                break
        return self._longer(best)

    def _starts(self, control: Trial) -> list[Trial]:
        plans = self._plans(control, _found(control, ("error", "warning")))
        found = [trial for trial in self._round(control, plans) if self._pays(control, trial)]
        alike = [trial for trial in found if self._fine(found[0]) - self._fine(trial) <= margin(self.task)]
        return alike[:BEAM]

    def _climb(self, best: Trial) -> Trial:
        for _ in range(ROUNDS):
            if self.late or self._perfect(best) or self._cured(best):
                break
            found = self._next(best)
            if found is None:
                break
            best = found
        return best

    def _next(self, best: Trial) -> Trial | None:
        """The best change on top that pays: for what is found; or of the step's size, where none of these does."""
        levels = ("error", "warning") if self._perfect(best) else ("error", "warning", "info")
        for findings in (_found(best, levels), [Finding("", "", cause, "warning", "") for cause in AFTERWARDS]):
            trial = next(iter(self._round(best, self._plans(best, findings))), None)
            if trial is not None and self._pays(best, trial):
                return trial
        return None

    def _perfect(self, trial: Trial) -> bool:
        return trial.worth >= PERFECT.get(self.task.kind, NEARLY_ALL)

    def _cured(self, trial: Trial) -> bool:
        """Nothing is found any more, and it learns well: a further change would be for its own sake."""
        healthy = trial.diagnosis is not None and trial.diagnosis.healthy
        recalls = self.task.kind == "numbers" or trial.recall >= WELL - 0.1
        return healthy and recalls and trial.worth >= GOOD.get(self.task.kind, WELL)

    def _pays(self, before: Trial, after: Trial) -> bool:
        """True when a further change is worth it: in a healthy network only a large gain is."""
        if after.errors > before.errors and not self._better(after, before):
            return False
        if not before.plan.treatments and judge([before], [after], self.task).verdict == "cured":
            return True
        gain = self._fine(after) - self._fine(before)
        if (after.errors, after.left) < (before.errors, before.left) and gain > -margin(self.task):
            return True  # what one fault hides, another may hide as well
        if not before.plan.treatments or before.diagnosis is None or not before.diagnosis.healthy:
            return gain > margin(self.task, before.worth)
        if self.task.kind == "numbers":
            return gain > 0.3
        return gain > 0.03 and gain > (1 - before.worth) / 3

    def _fine(self, trial: Trial) -> float:
        """Its worth, and for classes a little for what shows before more answers are right.

        That is answering other than the commonest class, and a lower loss where the loss itself is not at fault.
        """
        if self.task.kind == "numbers" or trial.error is not None:
            return trial.worth
        fine = trial.worth + RECALL_COUNTS * trial.recall
        if trial.loss is None or not self.first_loss or not self.loss_is_sound:
            return fine
        return fine + LOSS_COUNTS * max(-1.0, min(1.0, 1 - trial.loss / self.first_loss))

    def _round(self, best: Trial, plans: list[Plan]) -> list[Trial]:
        """Trials of plans on top of a trial, the best first."""
        places = {plan.key: place for place, plan in enumerate(plans)}
        known = {trial.plan.key: trial for trial in self.tried if trial.whole and not trial.number}
        found = [known[plan.key] for plan in plans if plan.key in known]
        plans = [plan for plan in plans if plan.key not in known]
        if self.seen.steps > 2 * self.steps:
            now = [plan for plan in plans if plan.longer == best.plan.longer]  # a longer one begins as a short one does
            self.short = self.short or next(self._conduct([self.brief(Plan())]))
            short = self.trials(self.brief(plan) for plan in now if not self.late)
            short.sort(key=lambda trial: (-self._fine(trial), trial.place))
            plans = [trial.plan for trial in short[:FINALISTS]] + [plan for plan in plans if plan not in now]
        new: list[Trial] = []
        enough: list[int] = []

        def jobs() -> Iterator[Job]:
            for plan in plans:
                if self.late or enough:
                    return
                yield self.whole(plan)

        for trial in self._noted(jobs()):
            new.append(trial)
            if self._perfect(trial) and not trial.left:
                enough.append(trial.place)
        found += [trial for trial in new if trial.place <= min(enough, default=trial.place)]
        found.sort(key=lambda trial: places[trial.plan.key])  # of those that are alike the first is taken
        return sorted((trial for trial in found if isfinite(trial.worth)), key=cmp_to_key(self._order))

    def _gain(self, trial: Trial) -> float:
        return trial.worth - self.start

    def _order(self, one: Trial, other: Trial) -> int:
        return self._better(other, one) - self._better(one, other)

    def _better(self, trial: Trial, other: Trial) -> bool:
        """By worth; where that is alike, the one with fewer errors left, or less left; else the one that came first.

        One that leaves an error standing is not better than one that does not, unless that one gains little.
        """
        clean, other_clean = trial.errors == 0, other.errors == 0
        if clean != other_clean:
            one, two = (trial, other) if clean else (other, trial)
            if self._gain(one) > max(margin(self.task), self._gain(two) / 3):
                return clean
        difference = self._fine(trial) - self._fine(other)
        if abs(difference) > margin(self.task):
            return difference > 0
        return (trial.errors, trial.left) < (other.errors, other.left)

    def _plans(self, best: Trial, findings: list[Finding]) -> list[Plan]:
        plans: dict[str, Plan] = {}
        for finding in findings:
            for treatment in proposed(finding, best.plan, self.seen):
                plan = best.plan.also(treatment)
                plans.setdefault(plan.label, plan)
        return list(plans.values())

    def _longer(self, best: Trial) -> Trial:
        """Double the length while that pays."""
        kind = treatments()["longer"]
        if not best.plan.treatments and not self._unfinished(best):
            return best
        while self.seen.ended and best.plan.longer < LONGEST and not self.late and not self._perfect(best):
            longer = kind()
            longer.longer = 2 * best.plan.longer
            trial = self.trials([self.whole(best.plan.also(longer))])[0]
            if not self._pays(best, trial):
                break
            best = trial
        return best

    def _unfinished(self, trial: Trial) -> bool:
        causes = {f.cause for f in (trial.diagnosis or Diagnosis()).findings}
        return bool(causes & set(treatments()["longer"].treats))


def _found(trial: Trial, levels: tuple[str, ...]) -> list[Finding]:
    return [f for f in (trial.diagnosis or Diagnosis()).findings if f.severity in levels]
