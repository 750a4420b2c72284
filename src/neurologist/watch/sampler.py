"""When to look: early steps closely, later steps ever more sparsely, never beyond the budget.

May import: the standard library.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable
from typing import Protocol

DEFAULT = 0.01  # share of the training time
CREDIT = 0.1  # seconds that may be spent before the budget's share has grown to it: at 1 %, in the first 10 s
AT_ONCE = 0.3  # share of the credit for the first steps; the rest is kept for what comes later
LATER = 300  # steps over which the rest becomes available, evenly in the logarithm of the step
EARLY = 4  # first steps, examined one by one
SPARSE = 1.25  # ratio of one sampled step to the one before while on credit: 22 samples in 300 steps
DENSE = 1.05  # the same once the budget's share pays for it: 70 more samples for each factor of 30 in steps
EVENTS = 5  # samples after a loss jump that may exceed the budget
JUMP = 3.0  # a loss this many times the running one is a jump
WINDOW = 15  # steps whose median time stands for a plain step, or for a sample's cost
AHEAD = 50  # a step that is planned ahead is found to a 50th of its number
NEAR = 1.1  # a milestone that is so near is taken instead
OUTLIER = 3.0  # times the usual cost of a sample: what goes beyond is the machine's, not the sample's


def milestone(step: int) -> int:
    """The first step from `step` on at which runs look that do not know of each other: 0, 2, 4, 7, 10, 14, 19, 25."""
    found = 0
    while found < step:
        found = int(found * SPARSE) + 2
    return found


class Plan(Protocol):
    """Which steps all processes that train together look at."""

    def due(self, step: int, ahead: Callable[[int], int]) -> bool | None:
        """Whether `step` is one of them; None where that is not known.

        Args:
            step: asked for each step in turn.
            ahead: gives the first step after a step that this process can afford to look at.
        """


class Sampler:
    """Decides after every step whether the next one is sampled.

    Args:
        budget: share of the training time that examination may take, 0 to 1; 0 looks at the first step only.

    Attributes:
        plan: what was agreed on with other processes; None where this one decides by itself.
    """

    def __init__(self, budget: float = DEFAULT) -> None:
        if not 0 <= budget <= 1:
            raise ValueError(f"budget must be a share of the time between 0 and 1, got {budget!r}: use 0.01 for 1 %")
        self.budget = budget
        self.plan: Plan | None = None
        self.spent = 0.0  # seconds of examination
        self.elapsed = 0.0  # seconds of all steps
        self._plain: deque[float] = deque(maxlen=WINDOW)
        self._costs: deque[float] = deque(maxlen=WINDOW)
        self._cost = 0.0
        self._last = 0
        self._startup = 0.0  # the first sample imports, compiles and caches: once per process, whatever the run
        self._smooth: float | None = None
        self._events = EVENTS
        self._jumped = self._broken = False

    def after(self, seconds: float, sampled: bool, inside: float) -> None:
        """Account for a step.

        Args:
            seconds: wall time of the whole step.
            sampled: whether it was examined.
            inside: seconds of it that ran in the examination's own code.
        """
        self.elapsed += seconds
        if not sampled:
            self._plain.append(seconds)
            return
        usual = statistics.median(self._plain) if self._plain else seconds - inside
        cost = max(inside, seconds - usual if self._plain else inside)
        if not self._startup:
            self._startup = cost
        else:
            if self._costs:  # a step that another process delayed did not cost the examination that much
                cost = min(cost, OUTLIER * statistics.median(self._costs))
            self._costs.append(cost)
            self._cost = statistics.median(self._costs)
        self.spent += cost

    def broke(self) -> str | None:
        """Why a step whose loss just became NaN or infinite is sampled; None when that was done before."""
        first, self._broken = not self._broken and self.budget > 0, True
        return "jump" if first else None

    def wants(self, step: int) -> str | None:
        """Why `step` should be sampled: "early", "spaced" or "jump"; None when it should not."""
        if step == 0:
            return "early"
        if self.budget == 0:
            return None
        if self._jumped and self._events > 0:
            self._jumped, self._events = False, self._events - 1
            return "jump"
        if not self._due(step):
            return None
        self._last = step
        return "early" if step < EARLY else "spaced"

    def _due(self, step: int) -> bool:
        if self.plan is not None:
            agreed = self.plan.due(step, self._ahead)
            if agreed is not None:
                return agreed
            if step != milestone(step):
                return False
        return self._affordable(step, self.elapsed)

    def _ahead(self, step: int) -> int:
        """The first step after `step` that can be afforded, if steps go on as they went so far."""
        usual = statistics.median(self._plain) if self._plain else max(0.0, self.elapsed - self.spent) / max(1, step)
        then = step + 1
        while usual and not self._affordable(then, self.elapsed + (then - step) * usual):
            then += max(1, then // AHEAD)
        near = milestone(then)
        return near if near <= NEAR * then + 1 else then

    def _affordable(self, step: int, elapsed: float) -> bool:
        due = self.spent + self._cost
        if step >= EARLY and step < self._last * DENSE + 1:
            return False
        if due <= self.budget * elapsed:
            return True
        if step >= EARLY and step < self._last * SPARSE + 1:
            return False
        free = AT_ONCE + (1 - AT_ONCE) * min(1.0, math.log1p(step) / math.log(LATER))
        return due <= free * CREDIT * min(1.0, self.budget / DEFAULT) + self._startup

    def loss(self, value: float) -> None:
        """Tell the loss of a step, where it is known without waiting for a device."""
        usual = self._smooth
        if usual is not None and not abs(value) <= JUMP * abs(usual):
            self._jumped = True
        if value - value == 0:  # finite
            self._smooth = value if usual is None else 0.9 * usual + 0.1 * value


class Spaced(Sampler):
    """Looks at the same steps in every run, whatever they cost: runs that are compared must be seen alike.

    Args:
        ratio: of one sampled step to the one before.
    """

    def __init__(self, ratio: float = 1.15) -> None:
        super().__init__(budget=1.0)
        self._ratio = ratio

    def _affordable(self, step: int, elapsed: float) -> bool:
        return step < EARLY or step >= self._last * self._ratio + 1
