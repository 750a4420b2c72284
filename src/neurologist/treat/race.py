"""`nl.race`: which activation learns best in a program, each at its own learning rate, over several seeds.

Arms run in processes of their own; each result goes into an SQLite file when it is there, so that a race that was cut
off goes on where it stopped. May import: torch, joblib inside functions, the lower files of this room.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from math import inf, isfinite, sqrt
from pathlib import Path
from statistics import fmean, stdev

from neurologist.functional import functions
from neurologist.treat.call import Call, Site
from neurologist.treat.fix import ProgramError
from neurologist.treat.lanes import Lanes, Result
from neurologist.treat.program import Program, run
from neurologist.treat.script import rerun, script
from neurologist.treat.seen import Seen
from neurologist.treat.task import Task
from neurologist.treat.tracing import Tracer
from neurologist.treat.treatment import Treatment, treatments
from neurologist.treat.verdict import STUDENT

AS_IT_IS = "as it is"
FACTORS = (0.1, 1.0, 10.0)  # on the program's learning rate, the same for each arm
SEARCH = 4  # a learning rate is tried for a quarter of the steps


@dataclass(eq=False, repr=False)
class Activate(Treatment):
    """Puts one activation in place of those of the hidden layers."""

    name: str
    sites: frozenset[Site]

    treats = ()
    reach = "model"

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    def before(self, call: Call) -> None:
        """At each of the sites."""
        if call.site in self.sites:
            call.instead(functions[self.name])


@dataclass(frozen=True)
class Lane:
    """One arm's standing.

    Attributes:
        name: the activation.
        worth: mean over the seeds: accuracy, or decades of error removed; half: of its 95 % interval.
        factors: on the learning rate, per seed.
        seeds: that ended well. errors: of those that did not.
    """

    name: str
    worth: float
    half: float
    factors: tuple[float, ...]
    seeds: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Race:
    """Who came first, and whether that means anything.

    Attributes:
        lanes: the best first.
        measure: "accuracy" or "R2".
        task: what was learnt.
        smallest: the smallest difference to the winner that could have been seen, in units of `worth`.
    """

    lanes: tuple[Lane, ...]
    measure: str
    task: Task
    smallest: float

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
    activation: Sequence[str],
    *,
    seeds: int = 3,
    steps: int = 500,
    lr: str | None = "auto",
    jobs: int = 1,
    store: str | Path | None = None,
    told: Callable[[Result], None] | None = None,
) -> Race:
    """Train a program with each of several activations in its hidden layers, and compare what they learn.

    Args:
        program: runs the training from scratch each time it is called, or the path of a script that does.
        activation: names of catalogue members; the program as it is runs besides them.
        seeds: runs per arm. A program that sets its own seed runs the same each time.
        steps: optimizer steps of a run, at most.
        lr: "auto" gives each arm the best of a tenth, one and ten times the program's learning rate, found in
            a quarter of the steps; None leaves it.
        jobs: processes at a time.
        store: SQLite file that keeps each result; results that it holds already are not run again.
        told: called with each result.

    Raises:
        ProgramError: the program cannot be run, or has no hidden activation.
        ValueError: an unknown activation, or numbers out of range.
    """
    if seeds < 1 or steps < 1 or jobs < 1:
        raise ValueError(f"race got seeds={seeds}, steps={steps}, jobs={jobs}: expected at least 1 each")
    if isinstance(program, str | Path):
        program = partial(rerun, script(str(program), ()))
    names = [functions[name].name for name in activation]
    seen = _looked_at(program, steps)
    assert seen.task is not None
    sites = frozenset(step.site for step in seen.hidden_activations)
    factors = FACTORS if lr == "auto" else (1.0,)
    settings = _settings(program, steps, factors, sites)
    wanted = [(name, seed) for seed in range(seeds) for name in (AS_IT_IS, *dict.fromkeys(names))]
    one = partial(_run, program, sites, seen.task, steps, factors)
    with Lanes(store, settings) as lanes:
        results = lanes.run(one, wanted, jobs, told)
    return _standing(results, seen.task)


def _looked_at(program: Program, steps: int) -> Seen:
    tracer = Tracer()
    ending = run(program, steps=steps, observer=tracer)
    seen = tracer.finish()
    if seen.task is None:
        raise ProgramError(f"the program gave nothing to compare: {ending.error or 'no loss of predictions was seen'}")
    if not seen.hidden_activations:
        raise ProgramError("the program has no activation between its layers: nothing to put others in place of")
    return seen


def _settings(program: Program, steps: int, factors: Iterable[float], sites: Iterable[Site]) -> str:
    """What must be the same for two results to belong to one race."""
    source = ""
    if isinstance(program, partial):  # of a script
        path = program.args[0].argv[0]
        source = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    name = getattr(program, "__qualname__", "")
    return json.dumps([name, source, steps, list(factors), sorted(map(list, sites))])


def _run(
    program: Program, sites: frozenset[Site], task: Task, steps: int, factors: Sequence[float], arm: str, seed: int
) -> Result:
    """One arm from one seed: find its learning rate, then run it."""
    rate = treatments()["learning-rate"]
    base: list[Treatment] = [] if arm == AS_IT_IS else [Activate(arm, sites)]

    def worth(factor: float, length: int) -> tuple[float, int, str | None]:
        plan = base if factor == 1 else [*base, rate(factor)]  # type: ignore[call-arg]
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            ending = run(program, plan, number=seed, steps=length)
        return ending.worth(task), ending.steps, ending.error

    best = 1.0 if len(factors) == 1 else max(factors, key=lambda factor: worth(factor, max(1, steps // SEARCH))[0])
    value, taken, error = worth(best, steps)
    return Result(arm, seed, best, value if isfinite(value) else None, taken, error)


def _standing(results: list[Result], task: Task) -> Race:
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda r: r.seed):
        found.setdefault(result.arm, []).append(result)
    lanes = sorted((_lane(name, rows) for name, rows in found.items()), key=lambda lane: -lane.worth)
    first, second = (lanes[0], lanes[1]) if len(lanes) > 1 else (lanes[0], lanes[0])
    return Race(tuple(lanes), task.measure, task, sqrt(first.half**2 + second.half**2))


def _lane(name: str, rows: list[Result]) -> Lane:
    values = [row.worth for row in rows if row.worth is not None]
    errors = tuple(row.error for row in rows if row.error is not None)
    half = inf
    if len(values) > 1:
        half = STUDENT[min(len(values) - 2, len(STUDENT) - 1)] * stdev(values) / sqrt(len(values))
    mean = fmean(values) if values else -inf
    return Lane(name, mean, half, tuple(row.factor for row in rows), len(values), errors)
