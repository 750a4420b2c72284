"""Intervals of the real line: the ranges of activations and the domains of losses.

May import: the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isinf, isnan


@dataclass(frozen=True)
class Interval:
    """A connected set of reals, with ends that belong to it or not.

    Attributes:
        lo: lower end; -inf where there is none.
        hi: upper end; inf where there is none.
        lo_closed: whether `lo` itself belongs to the set.
        hi_closed: whether `hi` itself belongs to the set.
    """

    lo: float = -inf
    hi: float = inf
    lo_closed: bool = False
    hi_closed: bool = False

    def __post_init__(self) -> None:
        if isnan(self.lo) or isnan(self.hi) or self.lo > self.hi:
            raise ValueError(f"interval from {self.lo} to {self.hi} is empty: give lo <= hi")
        if (self.lo_closed and isinf(self.lo)) or (self.hi_closed and isinf(self.hi)):
            raise ValueError(f"interval {self} is closed at infinity: leave that end open")

    def contains(self, value: float) -> bool:
        """Whether `value` belongs to the set.

        >>> Interval(0, 1, True, False).contains(0), Interval(0, 1, True, False).contains(1)
        (True, False)
        """
        above = value > self.lo or (self.lo_closed and value == self.lo)
        below = value < self.hi or (self.hi_closed and value == self.hi)
        return above and below

    def issubset(self, other: Interval) -> bool:
        """Whether every point of this interval belongs to `other`.

        >>> Interval(0, 1).issubset(Interval(0, 1, True, True))
        True
        """
        low = self.lo > other.lo or (self.lo == other.lo and (other.lo_closed or not self.lo_closed))
        high = self.hi < other.hi or (self.hi == other.hi and (other.hi_closed or not self.hi_closed))
        return low and high

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share more than an isolated end point."""
        return max(self.lo, other.lo) < min(self.hi, other.hi)

    def closure(self) -> Interval:
        """The interval with its finite ends added: what a function reaches after rounding, or in the limit."""
        return Interval(self.lo, self.hi, not isinf(self.lo), not isinf(self.hi))

    @property
    def bounded(self) -> bool:
        """Whether both ends are finite."""
        return not isinf(self.lo) and not isinf(self.hi)

    @property
    def width(self) -> float:
        """Length, inf where unbounded."""
        return self.hi - self.lo

    def __str__(self) -> str:
        return f"{'[' if self.lo_closed else '('}{self.lo:.6g}, {self.hi:.6g}{']' if self.hi_closed else ')'}"


REAL = Interval()
UNIT = Interval(0.0, 1.0, True, True)
OPEN_UNIT = Interval(0.0, 1.0)
NON_NEGATIVE = Interval(0.0, inf, True, False)
POSITIVE = Interval(0.0, inf)
