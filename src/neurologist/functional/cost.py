"""What a function costs relative to ReLU: measured, here and now, because no formula tells.

The function and ReLU run in turn in one process, forward and backward; each round gives one quotient, and their median
is the answer. ReLU runs twice per round: its quotient by itself, the control, says how far the answer can be trusted.
May import: torch, `functional.function`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import cycle, permutations
from statistics import median, quantiles
from typing import Any

import torch
from torch import Tensor

from neurologist.catalogue import activations
from neurologist.functional.function import Function

ENTRIES = 1 << 20  # 4 MB of float32, a common size; calling the function is then not what is measured
SECONDS = 0.3  # how long the measuring may take, at most about twice
FEWEST, MOST = 3, 200  # rounds
VECTOR = 64  # entries of a vector
REFERENCE = "relu"  # what costs are relative to

Clock = Callable[[], float]


@dataclass(frozen=True)
class Cost:
    """One measurement.

    Attributes:
        name: the function's.
        ratio: its time over ReLU's, forward and backward; median over rounds.
        low: a quarter of the rounds were below.
        high: a quarter were above.
        control: ReLU's time over ReLU's, measured alike; what differs from 1 is noise.
        entries: size of the tensor.
        dtype: its dtype.
        threads: that torch used.
        rounds: how many quotients the medians are of.
        torch: its version.
    """

    name: str
    ratio: float
    low: float
    high: float
    control: float
    entries: int
    dtype: str
    threads: int
    rounds: int
    torch: str

    @property
    def conditions(self) -> str:
        """What was measured, and where."""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        size = f"{self.entries:,} entries of {self.dtype}"
        return f"forward and backward over {size} on the processor, {threads}, torch {self.torch}, in turn with ReLU"

    @property
    def measured(self) -> str:
        """The conditions, and how far to trust the figure."""
        return (
            f"{self.conditions}, median of {self.rounds} rounds, half of them {self.low:.2f} to {self.high:.2f}; ReLU "
            f"by itself {self.control:.2f}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "conditions": self.conditions, "measured": self.measured}

    def __str__(self) -> str:
        return f"{self.name}: {self.ratio:.2f} times ReLU: {self.measured}"


def cost(function: Function, entries: int = ENTRIES, seconds: float = SECONDS) -> Cost:
    """Measure a function's time relative to ReLU's.

    Args:
        function: with its default parameters; gradients are taken by the input.
        entries: size of the float32 tensor; vectors are of 64 entries along the last dim.
        seconds: how long to measure.
    """
    if entries < VECTOR:
        raise ValueError(f"cost of {function.name!r} got {entries} entries: expected at least {VECTOR}")
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(entries // VECTOR, VECTOR, generator=generator).requires_grad_()
    reference = Function(activations[REFERENCE])
    ways = {"function": function, "reference": reference, "control": reference}
    passes = {label: _pass(way, x) for label, way in ways.items()}
    taken = in_turn(passes, seconds)
    ratios, controls = (_quotients(taken[label], taken["reference"]) for label in ("function", "control"))
    low, _, high = quantiles(ratios, n=4)
    return Cost(
        function.name,
        median(ratios),
        low,
        high,
        median(controls),
        x.numel(),
        str(x.dtype).removeprefix("torch."),
        torch.get_num_threads(),
        len(ratios),
        torch.__version__,
    )


def in_turn(
    passes: Mapping[str, Callable[[], None]], seconds: float, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """The time of each pass in each round.

    Each runs twice and is timed the second time: the first finds the caches and the free memory as another left them.
    All orders take their turn.
    """
    taken: dict[str, list[float]] = {label: [] for label in passes}
    start, orders = clock(), cycle(permutations(passes))
    for number, order in zip(range(MOST), orders, strict=False):
        if number >= FEWEST and clock() - start > seconds:
            break
        for label in order:
            passes[label]()
            begun = clock()
            passes[label]()
            taken[label].append(clock() - begun)
    return taken


def _pass(function: Function, x: Tensor) -> Callable[[], None]:
    gradient = torch.ones_like(function(x.detach()))

    def run() -> None:
        torch.autograd.grad(function(x), x, gradient)

    return run


def _quotients(times: list[float], references: list[float]) -> list[float]:
    return [own / other for own, other in zip(times, references, strict=True)]
