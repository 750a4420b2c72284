"""The zoo's list of programs: name -> `Program`.

A program is a generator that trains for `steps` optimizer steps and yields after each what it wants to lower: its
loss, or a measure of its own where the loss does not tell (a game of two networks, a policy). Being a generator, it can
be stopped and watched at any step without a word about watching inside it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from statistics import fmean

import torch

ZOO: dict[str, "Program"] = {}
ENDS = 10  # values averaged at the end of a run


@dataclass(frozen=True)
class Program:
    """One healthy training program.

    Calling it trains: `steps` optimizer steps, its own number by default, the first `unseen` of them outside `around`.
    `below` is what the yielded values must fall below, from above, over the whole length. `before` runs unwatched
    ahead of everything, to have something pretrained at hand.
    """

    name: str
    body: Callable[[int], Iterator[float]]
    steps: int
    below: float
    before: Callable[[], object] | None = None

    def __call__(
        self,
        steps: int | None = None,
        *,
        seed: int = 0,
        unseen: int = 0,
        around: AbstractContextManager[object] | None = None,
    ) -> list[float]:
        if self.before:
            self.before()
        torch.manual_seed(seed)
        values, body = [], self.body(steps or self.steps)
        for _ in range(unseen):
            values.append(next(body))
        with around or nullcontext():
            values.extend(body)
        return values

    def __str__(self) -> str:
        return self.name

    def learns(self, values: list[float]) -> bool:
        """True when a full run started above its mark and ended below it."""
        return fmean(values[:3]) > self.below > fmean(values[-ENDS:])


def program(steps: int, below: float, name: str | None = None, before: Callable[[], object] | None = None):
    """Put a generator function into the zoo under its name with dashes."""

    def add(body: Callable[[int], Iterator[float]]) -> Callable[[int], Iterator[float]]:
        key = name or body.__name__.replace("_", "-")
        assert key not in ZOO, key
        ZOO[key] = Program(key, body, steps, below, before)
        return body

    return add
