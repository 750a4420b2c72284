"""`nl.fix`: diagnose a program, try treatments on it, and say which cures.

May import: the lower files of this room, `diagnose`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from neurologist.diagnose import Diagnosis
from neurologist.diagnose.finding import SEVERITIES
from neurologist.treat.plan import Plan
from neurologist.treat.program import Program
from neurologist.treat.script import rerun, script
from neurologist.treat.search import Search
from neurologist.treat.seen import Seen
from neurologist.treat.verdict import Trial, Verdict, judge

if TYPE_CHECKING:
    from neurologist.treat.source import Edited


class ProgramError(RuntimeError):
    """The program could not be tried at all; the message says what it did."""


@dataclass(frozen=True, eq=False)
class Cure:
    """What trials showed.

    Attributes:
        diagnosis: of the program as it is.
        verdicts: on each plan tried, the best first.
        best: the plan that cured or helped most, for `nl.treat`; None when none did.
        why: when there is no best, the reason.
        seen: what the control showed of the program.
    """

    diagnosis: Diagnosis
    verdicts: tuple[Verdict, ...] = ()
    best: Plan | None = None
    why: str = ""
    seen: Seen = field(default_factory=Seen, repr=False)

    @property
    def edit(self) -> Edited:
        """The best plan as an edit of the program's source; nothing where there is none."""
        from neurologist.treat.source import Edited, edited

        return edited(self.best, self.seen) if self.best is not None else Edited()

    def __str__(self) -> str:
        from neurologist.treat.table import as_text

        return as_text(self)


def fix(
    program: Program | str | Path,
    steps: int = 200,
    seeds: int = 3,
    minutes: float = 5.0,
    told: Callable[[Trial], None] | None = None,
) -> Cure:
    """Diagnose a program, try treatments on it against a control, and say which cures.

    Every arm runs the program from the same seeds; a program that sets its own seed sees the same batches in each.
    Arms are compared by accuracy or R2 on the batches of the program itself, whatever loss they minimise.

    Args:
        program: runs the training from scratch each time it is called; or the path of a script that does.
        steps: optimizer steps of a first, short trial. Treatments that pass it go on to the program's own end, if
            that comes within ten times as many.
        seeds: how many seeds the verdict on the best rests on.
        minutes: no trial is begun later than this.
        told: called with each trial when it ends.

    Raises:
        ProgramError: the program ended before its first backward pass.
        ValueError: steps, seeds or minutes are out of range.
    """
    if steps < 1 or seeds < 1 or not minutes > 0:
        raise ValueError(f"fix got steps={steps}, seeds={seeds}, minutes={minutes}: expected at least 1, 1 and above 0")
    if isinstance(program, str | Path):
        program = partial(rerun, script(str(program), ()))
    search = Search(program, steps, time.monotonic() + 60 * minutes)
    if told is not None:
        search.told = told
    control = search.control()
    if not control.ending.losses:
        ended = f"failed with {control.ending.error}" if control.ending.error else "ended"
        raise ProgramError(f"the program {ended} before its first .backward(): nothing to diagnose or treat")
    diagnosis = control.diagnosis or Diagnosis()
    if diagnosis.healthy:
        return Cure(diagnosis, why="nothing to treat: nothing of error or warning severity was found")
    if search.seen.task is None:
        return Cure(diagnosis, why="no trial: what the loss compares could not be seen, so arms cannot be compared")
    return _judged(search, control, search.best(control), seeds)


def _judged(search: Search, control: Trial, best: Trial, seeds: int) -> Cure:
    controls, treated = [control], [best]
    for number in range(1, seeds if best.plan.treatments else 1):
        if search.late:
            break
        again = search.whole(Plan(), number)
        if again.ending.losses == control.ending.losses:
            break  # the program sets its own seed: more runs show nothing new
        controls.append(again)
        treated.append(search.whole(best.plan, number))
    verdicts = [judge([control], [trial], search.task) for trial in search.tried if trial.plan.treatments]
    diagnosis = control.diagnosis or Diagnosis()
    verdicts = [v for v in verdicts if v.plan is not best.plan]
    verdicts.sort(key=lambda verdict: -verdict.gain)
    if not best.plan.treatments:
        return Cure(diagnosis, tuple(verdicts), None, "no treatment that was tried helped")
    final = judge(controls, treated, search.task)
    if final.verdict not in ("cured", "helped"):
        why = f"what helped on the first seed did not hold on {len(controls)} seeds"
        return Cure(diagnosis, (final, *verdicts), None, why)
    return Cure(_confirmed(diagnosis, best.plan), (final, *verdicts), best.plan, seen=search.seen)


def _confirmed(diagnosis: Diagnosis, plan: Plan) -> Diagnosis:
    """The diagnosis with the findings first, within their severity, whose cause was treated with success."""
    treated = {cause for treatment in plan.treatments for cause in treatment.treats}
    order = sorted(diagnosis.findings, key=lambda f: (SEVERITIES.index(f.severity), f.cause not in treated))
    return replace(diagnosis, findings=tuple(order))
