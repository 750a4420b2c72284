"""A program that can be run again from scratch, from any seed, under any arm.

May import: torch, `treat.arm`, `treat.script`.
"""

from __future__ import annotations

import copy
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from math import inf, sqrt
from pathlib import Path
from statistics import stdev
from typing import Any

import numpy as np
import torch

from neurologist.tape.origin import is_users
from neurologist.treat.arm import Arm, Batch, Enough, Observer
from neurologist.treat.carry import Carry, carried
from neurologist.treat.script import Exited
from neurologist.treat.task import Task
from neurologist.treat.treatment import Treatment
from neurologist.watch.session import Session

Program = Callable[[], object]
SHIFT = 1_000_003  # between the seeds that a program sets itself, from one run to the next


@dataclass
class Ending:
    """How a run of a program ended.

    Attributes:
        steps: optimizer steps taken; backward passes, where there is no optimizer.
        ended: the program came to its own end, not stopped by us.
        error: what it failed with, or None.
        batches: the latest, with the predictions made while training.
        losses: of every backward pass. scores: likewise, of its predictions.
        fresh: predictions and targets of the latest batches after training, in evaluation mode; empty where the
            model could not be asked.
        carry: its weights. optimizers: names of the classes of its optimizers.
        seconds: it took.
    """

    steps: int
    ended: bool
    error: str | None
    batches: list[Batch]
    losses: list[float]
    scores: list[float] = field(default_factory=list)
    fresh: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    carry: Carry | None = None
    optimizers: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def worth(self, task: Task) -> float:
        """The score of its latest batches, see `Task.worth`."""
        return task.worth(self._scores(task)) if self.error is None else -inf

    def chance(self, task: Task) -> float:
        """Standard error of its worth, from how the scores of its batches differ."""
        scores = [task.worth([score]) for score in self._scores(task)]
        return stdev(scores) / sqrt(len(scores)) if len(scores) > 1 else 0.0

    def recall(self, task: Task) -> float:
        """Mean over the classes of the share of their examples that are recognised, 0 to 1."""
        pairs = self.fresh or [(batch.prediction, batch.target) for batch in self.batches]
        return task.recall(pairs)

    def _scores(self, task: Task) -> list[float]:
        pairs = self.fresh or [(batch.prediction, batch.target) for batch in self.batches]
        return [task.score(*pair) for pair in pairs]


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """Everything that a program draws from starts at a seed.

    A program that sets a seed of its own gets that one from number 0, and others from other numbers, else all its runs
    would be one. Generators that it makes itself keep their seeds.
    """
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)
    if not number:
        yield
        return
    places: list[tuple[Any, str, int]] = [(torch, "manual_seed", 2**63), (random, "seed", 2**63)]
    places.append((np.random, "seed", 2**32))
    kept = [getattr(module, name) for module, name, _ in places]
    for (module, name, limit), function in zip(places, kept, strict=True):
        setattr(module, name, _shifted(function, number * SHIFT, limit))
    try:
        yield
    finally:
        for (module, name, _), function in zip(places, kept, strict=True):
            setattr(module, name, function)


def _shifted(function: Callable[..., Any], by: int, limit: int) -> Callable[..., Any]:
    def seed(value: Any = None, *args: Any, **named: Any) -> Any:
        moved = (int(value) + by) % limit if isinstance(value, int | np.integer) else value
        return function(moved, *args, **named)

    return seed


def run(
    program: Program,
    plan: Sequence[Treatment] = (),
    *,
    number: int = 0,
    steps: int | None = None,
    seconds: float | None = None,
    carry: Carry | None = None,
    observer: Observer | None = None,
    session: Session | None = None,
    task: Task | None = None,
) -> Ending:
    """Run a program once, from seed `number`, and measure it. An error of the program ends it and is kept."""
    started, error, ended = time.perf_counter(), None, False
    if carry is None:
        plan = copy.deepcopy(list(plan))
    for treatment in plan if carry is not None else ():
        treatment.again()
    arm = Arm(plan, steps, carry, observer, task, seconds)
    try:
        with seeded(number), session or nullcontext(), arm:
            program()
        ended = True
    except Enough:
        pass
    except Exited as problem:
        error = str(problem)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"[:300] + _place(problem)
    taken = arm.taken if arm.optimizers else len(arm.losses)
    ending = Ending(taken, ended, error, list(arm.batches), arm.losses, arm.scores)
    if error is None:
        ending.fresh = _asked(ending.batches)
        ending.carry = carried(arm.models, arm.optimizers)
    ending.optimizers = [type(optimizer).__name__ for optimizer in arm.optimizers]
    ending.seconds = time.perf_counter() - started
    return ending


def _place(error: Exception) -> str:
    """The program's own line that an error came through last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users(frame.filename)]
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def _asked(batches: list[Batch]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """What the trained model answers to its latest batches, in evaluation mode."""
    if not batches or any(batch.model is None for batch in batches):
        return []
    try:
        return [(_answer(batch), batch.target) for batch in batches]
    except Exception:  # the program's own model, called by us: what training measured stands
        return []


def _answer(batch: Batch) -> torch.Tensor:
    model = batch.model
    assert model is not None
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            found: Any = model(*batch.args, **batch.named)
    finally:
        for module, mode in modes:
            module.training = mode
    if not isinstance(found, torch.Tensor) or found.shape != batch.prediction.shape:
        raise ValueError("the prediction is not the model's output alone")
    return found
