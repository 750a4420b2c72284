"""What may come at every step is kept at early steps, and ever more sparsely later, so that records stay small.

May import: the standard library.
"""

from __future__ import annotations

from typing import Generic, TypeVar

EARLY = 100  # first steps, each kept
RATIO = 1.01  # of one kept step to the one before: 560 in 10,000 steps, 1,000 in a million

T = TypeVar("T")


class Thinned:
    """Says which steps of something are kept; what comes seldom is kept each time.

    Attributes:
        last: the latest step that was kept.
    """

    def __init__(self) -> None:
        self.last: int | None = None

    def keeps(self, step: int) -> bool:
        """Whether to keep what comes at `step`; steps are asked for in order."""
        if self.last is not None and step != self.last and step >= EARLY and step < self.last * RATIO:
            return False
        self.last = step
        return True


class Changes(Generic[T]):
    """A value that may change at every step: which of its changes are written."""

    def __init__(self) -> None:
        self._thinned = Thinned()
        self._written: T | None = None
        self._waiting: tuple[int, T] | None = None

    def note(self, step: int, value: T) -> tuple[int, T] | None:
        """What to write at `step`, if anything: a value, and the step from which it holds."""
        if value == self._written:
            self._waiting = None
            return None
        if self._waiting is None or self._waiting[1] != value:
            self._waiting = step, value
        return self.rest() if self._thinned.keeps(step) else None

    def rest(self) -> tuple[int, T] | None:
        """The value of now with its step, where it is not written yet."""
        due, self._waiting = self._waiting, None
        if due is not None:
            self._written = due[1]
        return due
