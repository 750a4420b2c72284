"""When to look: early steps closely, later steps ever more sparsely, never beyond the budget.

May import: the standard library.
"""

from __future__ import annotations

import statistics
from collections import deque

CREDIT = 0.1  # seconds that may be spent before the budget's share has grown to it; a run of 10 s at 1 % earns it
GROWTH = 1.1  # each gap is about this share of the steps so far longer: 48 samples in 500 steps, 72 in 5,000
EARLY = 10  # first steps, examined one by one while the credit lasts
EVENTS = 5  # samples after a loss jump that may exceed the budget
JUMP = 3.0  # a loss this many times the running one is a jump
WINDOW = 15  # plain steps whose median time stands for a plain step


class Sampler:
    """Decides after every step whether the next one is sampled.

    Args:
        budget: share of the training time that examination may take, 0 to 1; 0 looks at the first step only.
    """

    def __init__(self, budget: float = 0.01) -> None:
        if not 0 <= budget <= 1:
            raise ValueError(f"budget must be a share of the time between 0 and 1, got {budget!r}: use 0.01 for 1 %")
        self.budget = budget
        self.spent = 0.0  # seconds of examination
        self.elapsed = 0.0  # seconds of all steps
        self._plain: deque[float] = deque(maxlen=WINDOW)
        self._cost = 0.0
        self._next = 0
        self._smooth: float | None = None
        self._events = EVENTS
        self._jumped = False

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
        self.spent += cost
        self._cost = cost if not self._cost else 0.5 * (self._cost + cost)

    def wants(self, step: int) -> str | None:
        """Why `step` should be sampled: "early", "spaced" or "jump"; None when it should not."""
        if step == 0:
            return "early"
        if self._jumped and self._events > 0:
            self._jumped, self._events = False, self._events - 1
            return "jump"
        if step < self._next or self.budget == 0:
            return None
        if self.spent + self._cost > max(min(CREDIT, 10 * self.budget), self.budget * self.elapsed):
            return None
        self._next = step + 1 if step < EARLY else max(step + 2, int(step * GROWTH))
        return "early" if step < EARLY else "spaced"

    def loss(self, value: float) -> None:
        """Tell the loss of a step, where it is known without waiting for a device."""
        usual = self._smooth
        if usual is not None and not abs(value) <= JUMP * abs(usual):
            self._jumped = True
        if value - value == 0:  # finite
            self._smooth = value if usual is None else 0.9 * usual + 0.1 * value
