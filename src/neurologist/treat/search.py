"""Looking for the treatments that cure: trials in rounds, each on top of the best so far.

A round tries every treatment that the findings propose, for a few steps; the better ones go on to the program's own
end; the best is kept, examined, and the next round starts from what is still found in it.
May import: the lower files of this room, `diagnose`, `watch`.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import isfinite

from neurologist.diagnose import Diagnosis, Finding
from neurologist.treat.carry import Carry
from neurologist.treat.plan import Plan
from neurologist.treat.program import Ending, Program, run
from neurologist.treat.seen import Seen
from neurologist.treat.task import Task
from neurologist.treat.tracing import Tracer
from neurologist.treat.treatment import Treatment, treatments
from neurologist.treat.verdict import Trial, margin
from neurologist.watch.session import watch

ROUNDS = 5
FULL = 10  # times the asked steps: programs that end before are run to their end
FINALISTS = 5  # of a round that go on after the first steps
PERFECT = {"numbers": 4.0}  # worth beyond which nothing more is tried, in decades; for accuracy:
NEARLY_ALL = 0.995
GOOD = {"numbers": 2.0}  # decades of error, and
WELL = 0.9  # accuracy, that need no further change in a network where nothing is found
LONGEST = 64.0  # times the program's own length
BUDGET = 0.1  # share of a whole trial's time to examine it with
AFTERWARDS = ("lr_too_high", "lr_too_low")  # what may come to light once something else is cured


@dataclass
class Search:
    """Trials of one program.

    Attributes:
        program: what is run.
        steps: of a first, short trial.
        deadline: on the clock of `time.monotonic`; no trial is begun after it.
        told: called with each trial.
        tried: the trials so far.
        seen: what the control showed.
    """

    program: Program
    steps: int
    deadline: float
    told: Callable[[Trial], None] = lambda trial: None
    tried: list[Trial] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

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

    def control(self) -> Trial:
        """The program as it is, examined and traced."""
        tracer, session = Tracer(), watch(budget=0.2)
        ending = run(self.program, steps=FULL * self.steps, observer=tracer, session=session)
        self.seen = tracer.finish()
        self.seen.ended, self.seen.steps = ending.ended, ending.steps
        trial = Trial(Plan(), ending, diagnosis=session.diagnose())
        if self.seen.task is not None:
            trial.worth = ending.worth(self.task)
        return trial

    def brief(self, plan: Plan) -> Trial:
        """The first steps under a plan."""
        ending = run(self.program, plan.treatments, steps=self.steps)
        return self._note(Trial(plan, ending, ending.worth(self.task), whole=False))

    def whole(self, plan: Plan, number: int = 0) -> Trial:
        """The whole program under a plan, examined, as many times as the plan takes longer; from seed `number`."""
        running, limit, session = copy.deepcopy(list(plan.treatments)), FULL * self.steps, watch(budget=BUDGET)
        times = max(1, round(plan.longer))
        ending: Ending | None = None
        for turn in range(times):
            if ending is not None and (ending.error is not None or self.late):
                break
            carry = ending.carry if ending is not None else Carry()
            last = session if turn == times - 1 else None
            ending = run(self.program, running, number=number, steps=limit, carry=carry, session=last)
        assert ending is not None
        return self._note(Trial(plan, ending, ending.worth(self.task), session.diagnose() if ending.steps else None))

    def _note(self, trial: Trial) -> Trial:
        self.tried.append(trial)
        self.told(trial)
        return trial

    # -- rounds -----------------------------------------------------------------------------------------------

    def best(self, control: Trial) -> Trial:
        """Rounds on top of each other until nothing more helps; then longer training, while that helps."""
        best = control
        for number in range(ROUNDS):
            if self._perfect(best) or self.late or self._cured(best):
                break
            found = self._round(best, again=number > 0)
            if found is None or not self._pays(best, found):
                break
            best = found
        return self._longer(best)

    def _perfect(self, trial: Trial) -> bool:
        return trial.worth >= PERFECT.get(self.task.kind, NEARLY_ALL)

    def _cured(self, trial: Trial) -> bool:
        """Nothing is found any more, and it learns well: a further change would be for its own sake."""
        healthy = trial.diagnosis is not None and trial.diagnosis.healthy
        return healthy and trial.worth >= GOOD.get(self.task.kind, WELL)

    def _pays(self, before: Trial, after: Trial) -> bool:
        """True when a further change is worth it: in a healthy network only a large gain is."""
        gain = after.worth - before.worth
        if not before.plan.treatments or before.diagnosis is None or not before.diagnosis.healthy:
            return gain > margin(self.task)
        if self.task.kind == "numbers":
            return gain > 0.3
        return gain > 0.03 and gain > (1 - before.worth) / 3

    def _round(self, best: Trial, again: bool) -> Trial | None:
        plans = self._plans(best, again)
        if self.seen.steps > 2 * self.steps:
            now = [
                plan for plan in plans if plan.longer == best.plan.longer
            ]  # the first steps of a longer one are the same
            short = [self.brief(plan) for plan in now if not self.late]
            short.sort(key=lambda trial: -trial.worth)
            plans = [trial.plan for trial in short[:FINALISTS]] + [plan for plan in plans if plan not in now]
        found: Trial | None = None
        for plan in plans:
            if self.late or (found is not None and self._perfect(found)):
                break
            trial = self.whole(plan)
            if isfinite(trial.worth) and (found is None or self._better(trial, found)):
                found = trial
        return found

    def _better(self, trial: Trial, other: Trial) -> bool:
        """By worth; where that is alike, the one with less left to find; else the one that came first."""
        difference = trial.worth - other.worth
        if abs(difference) > margin(self.task):
            return difference > 0
        return _left(trial) < _left(other)

    def _plans(self, best: Trial, again: bool) -> list[Plan]:
        findings = [f for f in (best.diagnosis or Diagnosis()).findings if f.severity in ("error", "warning")]
        findings += [Finding("", "", cause, "warning", "") for cause in AFTERWARDS if again]
        plans: dict[str, Plan] = {}
        for finding in findings:
            for plan in self._of(finding, best.plan):
                plans.setdefault(plan.label, plan)
        return list(plans.values())

    def _of(self, finding: Finding, plan: Plan) -> Iterable[Plan]:
        held = {treatment.slug for treatment in plan.treatments}
        for kind in _in_order(finding):
            if kind.slug not in held:
                yield from (plan.also(treatment) for treatment in kind.proposals(finding, self.seen))

    def _longer(self, best: Trial) -> Trial:
        """Double the length while that pays."""
        kind = treatments()["longer"]
        if not best.plan.treatments and not self._unfinished(best):
            return best
        while self.seen.ended and best.plan.longer < LONGEST and not self.late and not self._perfect(best):
            longer = kind()
            longer.longer = 2 * best.plan.longer
            trial = self.whole(best.plan.also(longer))
            if not self._pays(best, trial):
                break
            best = trial
        return best

    def _unfinished(self, trial: Trial) -> bool:
        causes = {f.cause for f in (trial.diagnosis or Diagnosis()).findings}
        return bool(causes & set(treatments()["longer"].treats))


def _in_order(finding: Finding) -> list[type[Treatment]]:
    """The treatments of a finding's cause: first those that it names itself, in its order."""
    named = list(finding.treatments)
    kinds = [kind for kind in treatments().values() if finding.cause in kind.treats]
    places = {kind: [named.index(w) for w in (kind.slug, *kind.words) if w in named] for kind in kinds}
    return sorted(kinds, key=lambda kind: min(places[kind], default=len(named)))


def _left(trial: Trial) -> int:
    found = trial.diagnosis.findings if trial.diagnosis is not None else ()
    return sum(f.severity in ("error", "warning") for f in found)
