"""`nl.fix`: diagnose a program, try treatments on it, and say which cures.

May import: the lower files of this room, `config`, `diagnose`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurologist.config import settings_of
from neurologist.diagnose import Diagnosis, Settings
from neurologist.diagnose.finding import SEVERITIES
from neurologist.diagnose.trials import Course, Trials
from neurologist.treat.crew import crew
from neurologist.treat.outcome import course, told, unit
from neurologist.treat.outside import outside
from neurologist.treat.plan import Plan
from neurologist.treat.program import Program
from neurologist.treat.script import Program as Script
from neurologist.treat.script import script
from neurologist.treat.search import Search
from neurologist.treat.seen import Seen
from neurologist.treat.steady import Controls, Notes, of_files, written
from neurologist.treat.trial import Trial
from neurologist.treat.verdict import Verdict, judge

if TYPE_CHECKING:
    from neurologist.treat.source import Edited

CONTROL = 300.0  # seconds that the control may train, where nobody says how long
TIMES, LEAST = 5.0, 300.0  # times the control's seconds for all trials, and at least so many
CANDIDATES = 3  # plans that are run from more seeds, at most
UNTRAINED = "ended before its first .backward(): nothing to diagnose or treat"


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
        notes: what else is to be known of the program or the trials, a sentence each.
        seen: what the control showed of the program.
        unit: of the scores in courses. control: how the program as it is went. first: its first steps, where arms were
            run for as many.
    """

    diagnosis: Diagnosis
    verdicts: tuple[Verdict, ...] = ()
    best: Plan | None = None
    why: str = ""
    notes: Notes = ()
    seen: Seen = field(default_factory=Seen, repr=False)
    unit: str = field(default="", repr=False)
    control: Course = field(default=Course(), repr=False)
    first: Course = field(default=Course(), repr=False)

    @property
    def edit(self) -> Edited:
        """The best plan as an edit of the program's source; nothing where there is none."""
        from neurologist.treat.source import Edited, edited

        return edited(self.best, self.seen) if self.best is not None else Edited()

    @property
    def trials(self) -> Trials:
        """Verdicts, curves and the edit as plain data."""
        return told(self)

    @property
    def report(self) -> Diagnosis:
        """The diagnosis with what the trials showed: print it, save it, ask for it in another language."""
        return replace(self.diagnosis, trials=self.trials)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis and the trials as plain JSON data; keys are stable English words."""
        return self.report.to_dict()

    def save(self, path: str | Path) -> None:
        """Write diagnosis and trials to `path`, in the format that its suffix names.

        Raises:
            ValueError: no writer is known for the suffix.
        """
        self.report.save(path)

    def _repr_html_(self) -> str | None:
        return self.report._repr_html_()

    def __str__(self) -> str:
        return str(self.trials)


def fix(
    program: Program | str | Path,
    steps: int = 200,
    seeds: int = 3,
    minutes: float | None = None,
    *,
    arguments: Sequence[str] = (),
    jobs: int | None = None,
    isolate: bool = False,
    backend: str | None = None,
    address: str | None = None,
    told: Callable[[Trial], None] | None = None,
    settings: Settings | None = None,
) -> Cure:
    """Diagnose a program, try treatments on it against a control, and say which cures.

    Every arm runs the program from the same seeds; a program that sets its own seed sees the same batches in each.
    Arms are compared by accuracy or R2 on the batches of the program itself, whatever loss they minimise.

    Args:
        program: runs the training from scratch each time it is called; or the path of a script that does.
        steps: optimizer steps of a first, short trial. Treatments that pass it go on to the program's own end, if
            that comes within ten times as many.
        seeds: how many seeds the verdict on the best rests on; five or more where the program is not deterministic.
        minutes: no further treatment is begun later than this; None for five times as long as the program itself
            takes, and at least five minutes.
        arguments: of the script, its `sys.argv[1:]`.
        jobs: arms at a time, each in a process of its own. None for one per core, at most four, where the program is
            a script; a callable then runs in this process, one arm after the other.
        isolate: each arm gets its own copy of the current folder, for programs that write files.
        backend: "ray" or "dask" to run arms on a cluster.
        address: of the cluster; None for one on this machine.
        told: called with each trial when it ends.
        settings: of the user: what is ignored is not treated. None for those of `[tool.neurologist]` in the nearest
            `pyproject.toml` above the script, else above the current folder.

    Raises:
        ProgramError: the program ended before its first backward pass.
        ValueError: steps, seeds or minutes are out of range, or options do not go together.
        NoBackend: the cluster cannot be used.
    """
    if steps < 1 or seeds < 1 or (minutes is not None and not minutes > 0):
        raise ValueError(f"fix got steps={steps}, seeds={seeds}, minutes={minutes}: expected at least 1, 1 and above 0")
    if isinstance(program, str | Path):
        program = script(str(program), arguments)
    settings = settings_of(program) if settings is None else settings
    scripted, started = isinstance(program, Script), time.time()
    with crew(jobs, scripted=scripted, backend=backend, address=address, isolate=isolate) as arms:
        search = Search(program, steps, arms, settings=settings)
        if told is not None:
            search.told = told
        control = _control(search, minutes)
        files = written(Path.cwd(), started) if scripted and not isolate else []
        if files and arms.jobs > 1:
            arms.jobs = 1  # they would write over each other's
        cure = _with_courses(_cured(search, control, seeds), search, control)
    return replace(cure, notes=(*cure.notes, *of_files(files))) if cure.verdicts else cure


def _control(search: Search, minutes: float | None) -> Trial:
    began = time.monotonic()
    control = search.control(CONTROL if minutes is None else 60 * minutes)
    search.told(control)
    if not control.losses:
        how = f"failed before its first .backward(): {control.error}" if control.error else UNTRAINED
        raise ProgramError(f"the program {how}")
    length = max(LEAST, TIMES * control.seconds) if minutes is None else 60 * minutes
    search.deadline = began + length
    return control


def _with_courses(cure: Cure, search: Search, control: Trial) -> Cure:
    task = search.seen.task
    if task is None:
        return cure
    first = Course() if search.short is None else course(search.short, task)
    return replace(cure, unit=unit(task), control=course(control, task), first=first)


def _cured(search: Search, control: Trial, seeds: int) -> Cure:
    diagnosis = control.diagnosis or Diagnosis()
    if diagnosis.healthy:
        return Cure(diagnosis, why="nothing to treat: nothing of error or warning severity was found")
    if search.seen.task is None:
        return Cure(diagnosis, why="no trial: what the loss compares could not be seen, so arms cannot be compared")
    best = search.best(control)
    if not best.plan.treatments:
        verdicts = sorted((_first_look(search, control, t) for t in _others(search, best)), key=lambda v: -v.gain)
        return Cure(diagnosis, tuple(verdicts), None, outside(diagnosis) or "no treatment that was tried helped")
    return _proved(search, control, best, seeds)


def _proved(search: Search, control: Trial, best: Trial, seeds: int) -> Cure:
    """The best that holds on more seeds than the first; the next best, where it does not."""
    judged = {id(trial): _first_look(search, control, trial) for trial in _others(search, best)}
    promising = [t for t in _others(search, best) if t.whole and judged[id(t)].verdict in ("cured", "helped")]
    promising.sort(key=lambda trial: -trial.worth)
    controls = Controls(search, control, seeds)
    final: list[Verdict] = []
    for trial in (best, *promising[: CANDIDATES - 1]):
        if final and search.late:
            break
        judged.pop(id(trial), None)
        final.append(judge(*controls.against(trial), search.task))
        if final[-1].verdict in ("cured", "helped"):
            break
    final.reverse()
    verdicts = (*final, *sorted(judged.values(), key=lambda verdict: -verdict.gain))
    diagnosis = control.diagnosis or Diagnosis()
    if final[0].verdict not in ("cured", "helped"):
        seeds = final[0].seeds
        held = f"what helped on the first seed did not hold on {seeds} seeds"
        why = held if seeds > 1 else "what helped gained too little to be told from chance on one seed"
        return Cure(diagnosis, verdicts, None, why, controls.notes)
    plan = final[0].plan
    return Cure(_confirmed(diagnosis, plan), verdicts, plan, notes=controls.notes, seen=search.seen)


def _first_look(search: Search, control: Trial, trial: Trial) -> Verdict:
    """From one seed; first steps are held against the control's first steps."""
    return judge([control if trial.whole or search.short is None else search.short], [trial], search.task)


def _others(search: Search, best: Trial) -> list[Trial]:
    """The trials of other plans than the best: of each the one that went furthest."""
    found = {id(t.plan): t for t in search.tried if not t.whole} | {id(t.plan): t for t in search.tried if t.whole}
    return [trial for trial in found.values() if trial.plan.treatments and trial.plan is not best.plan]


def _confirmed(diagnosis: Diagnosis, plan: Plan) -> Diagnosis:
    """The diagnosis with the findings first, within their severity, whose cause was treated with success."""
    treated = {cause for treatment in plan.treatments for cause in treatment.treats}
    order = sorted(diagnosis.findings, key=lambda f: (SEVERITIES.index(f.severity), f.cause not in treated))
    return replace(diagnosis, findings=tuple(order))
