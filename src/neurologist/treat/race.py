"""`nl.race`: which activation, init or loss learns best in a program, each at its own learning rate, on several seeds.

Each result goes into an SQLite file when it is there, so that a race that was cut off goes on where it stopped.
May import: the lower files of this room, `config`, `diagnose`, `functional`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import inf, isfinite, sqrt
from pathlib import Path
from statistics import fmean, median

from neurologist.config import settings_of
from neurologist.diagnose import Diagnosis, Settings
from neurologist.treat.apart import Lost
from neurologist.treat.crew import Crew, crew
from neurologist.treat.entries import AS_IT_IS, Entry, NoEntry, entries
from neurologist.treat.fix import ProgramError
from neurologist.treat.lanes import Lanes, Result
from neurologist.treat.plan import Plan
from neurologist.treat.program import Program
from neurologist.treat.script import Program as Script
from neurologist.treat.script import script
from neurologist.treat.seen import Seen
from neurologist.treat.task import Task
from neurologist.treat.treatment import Treatment, treatments
from neurologist.treat.trial import LAST, Job, Trial, conduct
from neurologist.treat.verdict import half_width, margin

FACTORS = (0.1, 1.0, 10.0)  # on the program's learning rate, the same for each arm
SEARCH = 4  # a learning rate is tried for a quarter of the steps
LOOK = 20  # steps that show what the program calls and what it learns
POINTS = 200  # of a curve that are kept


@dataclass(frozen=True)
class Lane:
    """One arm's standing.

    Attributes:
        name: what it runs with.
        worth: mean over the seeds: accuracy, or decades of error removed. half: of its 95 % interval.
        factors: on the learning rate, per seed.
        seeds: that ended well. errors: of those that did not.
        reached: steps to the target, median over the seeds; None where half of them or more never came there.
        seconds: likewise.
        gradient: decades that the gradient loses (below 0) or wins to the first layer, at the start; mean.
        found: rules that speak of an error or a warning in it.
    """

    name: str
    worth: float
    half: float
    factors: tuple[float, ...]
    seeds: int
    errors: tuple[str, ...] = ()
    reached: int | None = None
    seconds: float | None = None
    gradient: float | None = None
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Race:
    """Who came first, and whether that means anything.

    Attributes:
        lanes: the best first.
        measure: "accuracy" or "R2".
        task: what was learnt.
        smallest: the smallest difference to the winner that could have been seen, in units of `worth`.
        target: the score, in units of `measure`, that steps and seconds are counted to.
    """

    lanes: tuple[Lane, ...]
    measure: str
    task: Task
    smallest: float
    target: float

    @property
    def winner(self) -> str | None:
        """The first, where it is further ahead of the second than could be chance; else None."""
        if len(self.lanes) < 2 or not isfinite(self.lanes[0].worth):
            return None
        ahead = self.lanes[0].worth - self.lanes[1].worth
        return self.lanes[0].name if ahead > self.smallest else None

    def __str__(self) -> str:
        from neurologist.treat.table import race_text

        return race_text(self)


def race(
    program: Program | str | Path,
    activation: Sequence[str] = (),
    *,
    init: Sequence[str] = (),
    loss: Sequence[str] = (),
    at: str | None = None,
    seeds: int = 3,
    steps: int = 500,
    lr: str | None = "auto",
    target: float | None = None,
    arguments: Sequence[str] = (),
    jobs: int | None = None,
    isolate: bool = False,
    backend: str | None = None,
    address: str | None = None,
    store: str | Path | None = None,
    told: Callable[[Result], None] | None = None,
    settings: Settings | None = None,
) -> Race:
    """Train a program with each of several activations, inits or losses, and compare what they learn.

    Where several kinds are given, every combination runs. All arms are compared by accuracy or R2, whatever they
    minimise, and are examined alike.

    Args:
        program: runs the training from scratch each time it is called, or the path of a script that does.
        activation: names of catalogue members, put in place of those between the layers; the program as it is runs
            besides them.
        init: "gain" (for the activation that follows each layer) or a name in torch.nn.init without its underscore.
        loss: names of catalogue losses that take the program's predictions and targets.
        at: "model.py:12" puts activations in place of those called there only.
        seeds: runs per arm.
        steps: optimizer steps of a run, at most.
        lr: "auto" gives each arm the best of a tenth, one and ten times the program's learning rate, found in
            a quarter of the steps; None leaves it.
        target: accuracy or R2 to which steps and seconds are counted; None for what the program as it is comes to.
        arguments: of the script.
        jobs: see `fix`.
        isolate: see `fix`.
        backend: see `fix`.
        address: see `fix`.
        store: SQLite file that keeps each result; results that it holds already are not run again.
        told: called with each result.
        settings: see `fix`.

    Raises:
        ProgramError: the program cannot be run, or has no place for what is raced.
        KeyError: there is no activation, init or loss of a name.
        ValueError: nothing to race, or numbers out of range.
    """
    wanted = {kind: names for kind, names in (("activation", activation), ("init", init), ("loss", loss)) if names}
    if not wanted:
        raise ValueError("race got no activation, init or loss: expected names of at least one kind")
    if seeds < 1 or steps < 1:
        raise ValueError(f"race got seeds={seeds}, steps={steps}: expected at least 1 each")
    if isinstance(program, str | Path):
        program = script(str(program), arguments)
    settings = settings_of(program) if settings is None else settings
    with crew(jobs, scripted=isinstance(program, Script), backend=backend, address=address, isolate=isolate) as arms:
        seen = _looked_at(program, arms, min(steps, LOOK))
        assert seen.task is not None
        runners = _runners(wanted, seen, at)
        factors = FACTORS if lr == "auto" else (1.0,)
        same = _same(program, steps, factors, sorted(wanted), at, *_rules(settings))  # names may be added later
        run = partial(_run, program, settings)
        calls = [partial(run, r, seen.task, steps, factors, seed) for seed in range(seeds) for r in runners]
        with Lanes(store, same) as lanes:
            results = _raced(calls, arms, lanes, told)
    return _standing(results, seen.task, target)


def _looked_at(program: Program, arms: Crew, steps: int) -> Seen:
    _, trial = next(arms.results([partial(conduct, program, Job(steps=steps))]))
    error = trial.reason if isinstance(trial, Lost) else trial.error
    if isinstance(trial, Lost) or trial.seen is None or trial.seen.task is None:
        raise ProgramError(f"the program gave nothing to compare: {error or 'no loss of predictions was seen'}")
    return trial.seen


def _runners(wanted: dict[str, Sequence[str]], seen: Seen, at: str | None) -> list[Entry]:
    try:
        return entries(wanted, seen, at)
    except NoEntry as error:
        raise ProgramError(str(error)) from None


def _rules(settings: Settings) -> list[object]:
    """What of the settings decides which rules speak of an arm; empty where they say nothing."""
    said: list[object] = [sorted(settings.select or ()), settings.ignore, settings.ignore_in, settings.numbers]
    return said if any(said) else []


def _same(program: Program, *rest: object) -> str:
    """What must be the same for two results to belong to one race."""
    source, name = "", getattr(program, "__qualname__", "")
    if isinstance(program, Script):  # of a module the source is not looked for
        name = [program.name, *program.argv]
        path = Path(program.argv[0])
        source = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return json.dumps([name, source, *rest])


def _raced(
    calls: list[partial[Result]], arms: Crew, lanes: Lanes, told: Callable[[Result], None] | None
) -> list[Result]:
    """Run what is not there yet; each result is kept when it ends."""
    wanted = {_lane_of(call): call for call in calls}
    there = {(result.arm, result.seed) for result in lanes.results}
    missing = [pair for pair in wanted if pair not in there]
    for index, got in arms.results(wanted[pair] for pair in missing):
        name, seed = missing[index]
        result = Result(name, seed, 1.0, None, 0, error=got.reason) if isinstance(got, Lost) else got
        lanes.keep(result)
        if told is not None:
            told(result)
    return [result for result in lanes.results if (result.arm, result.seed) in wanted]


def _lane_of(call: partial[Result]) -> tuple[str, int]:
    return call.args[2].name, call.args[6]


def _run(
    program: Program, settings: Settings, entry: Entry, task: Task, steps: int, factors: Sequence[float], seed: int
) -> Result:
    """One arm from one seed: find its learning rate, then run it."""
    rate: Callable[[float], Treatment] = treatments()["learning-rate"]

    def trial(factor: float, length: int, examined: bool) -> Trial:
        plan = Plan((*entry.treatments, *([rate(factor)] if factor != 1 else [])))
        return conduct(program, Job(plan, seed, length, task=task, examined=examined, settings=settings))

    short = max(1, steps // SEARCH)
    best = 1.0 if len(factors) == 1 else max(factors, key=lambda factor: trial(factor, short, False).worth)
    got = trial(best, steps, True)
    found = [f.rule for f in (got.diagnosis or Diagnosis()).findings if f.severity != "info"]
    worth = got.worth if isfinite(got.worth) else None
    return Result(
        entry.name, seed, best, worth, got.steps, got.seconds, got.gradient, tuple(found), tuple(_curve(got, task)),
        got.error,
    )  # fmt: skip


def _curve(trial: Trial, task: Task) -> Iterator[tuple[int, float]]:
    ends = range(LAST, len(trial.scores) + 1)
    points = ((end, task.worth(trial.scores[end - LAST : end])) for end in ends)
    return islice(points, 0, None, max(1, len(ends) // POINTS))


# -- the standing ---------------------------------------------------------------------------------------------


def _standing(results: list[Result], task: Task, target: float | None) -> Race:
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda r: r.seed):
        found.setdefault(result.arm, []).append(result)
    goal = _goal(found[AS_IT_IS], task, target)
    lanes = sorted((_lane(name, rows, goal) for name, rows in found.items()), key=lambda lane: -lane.worth)
    first, second = (lanes[0], lanes[1]) if len(lanes) > 1 else (lanes[0], lanes[0])
    smallest = max(sqrt(first.half**2 + second.half**2), margin(task, first.worth))
    return Race(tuple(lanes), task.measure, task, smallest, task.value(goal))


def _goal(rows: list[Result], task: Task, target: float | None) -> float:
    """In units of `worth`: what is asked for, or what the program as it is comes to at the end of its training."""
    if target is not None:
        return task.worth([target if task.kind != "numbers" else 1 - target])
    ends = [row.curve[-1][1] for row in rows if row.curve]
    return fmean(ends) if ends else inf


def _lane(name: str, rows: list[Result], goal: float) -> Lane:
    values = [row.worth for row in rows if row.worth is not None]
    half = half_width(values) if len(values) > 1 else inf
    steps = [row.reached(goal) for row in rows]
    taken = [inf if step is None else step for step in steps]
    times = [inf if step is None else row.seconds * step / row.steps for step, row in zip(steps, rows, strict=True)]
    gradients = [row.gradient for row in rows if row.gradient is not None]
    return Lane(
        name,
        fmean(values) if values else -inf,
        half,
        tuple(row.factor for row in rows),
        len(values),
        tuple(row.error for row in rows if row.error is not None),
        int(median(taken)) if isfinite(median(taken)) else None,
        median(times) if isfinite(median(times)) else None,
        fmean(gradients) if gradients else None,
        tuple(dict.fromkeys(rule for row in rows for rule in row.found)),
    )
