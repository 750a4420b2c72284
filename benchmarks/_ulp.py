"""How far values are from the truth, in units in the last place (ULP); for `accuracy.py`.

One ULP is the distance between neighbouring numbers of the dtype in the binade of the exact value; below the smallest
normal number (and at 0) it is the distance of the subnormal ones, which is the smallest number there is. A correctly
rounded result is off by at most 0.5. Where the exact value is beyond the largest number, that number and infinity, of
the same sign, are right.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Truth:
    """Exact values as sums of two floats each, so that float64 itself can be held against them.

    Attributes:
        high: rounded to float64; infinite beyond it, NaN where there is no truth.
        low: what rounding took.
        least: of a slope at a kink, the least that is right; else equal to `high`.
        most: likewise the most.
    """

    high: Array
    low: Array
    least: Array
    most: Array


@dataclass(frozen=True)
class Errors:
    """Errors of many values.

    Attributes:
        ulp: inf where a value is not finite and should be.
        not_finite: whether it is NaN or infinite where the exact one is a number of the dtype's range.
        zero: whether it is 0 where the exact one is at least the dtype's smallest number.
    """

    ulp: Array
    not_finite: Any
    zero: Any

    def worse(self, other: Errors) -> Errors:
        """The worse of two computations, input by input."""
        return Errors(np.maximum(self.ulp, other.ulp), self.not_finite | other.not_finite, self.zero | other.zero)

    def summary(self, x: Array) -> dict[str, Any]:
        """The largest error, the input where it occurs (of several, the one nearest to 0), and counts."""
        worst = np.flatnonzero(self.ulp == self.ulp.max())
        at = worst[np.argmin(np.abs(x[worst]))]
        return {
            "ulp": _short(float(self.ulp[at])),
            "at": float(x[at]),
            "not_finite": int(self.not_finite.sum()),
            "zero": int(self.zero.sum()),
        }


def spacing(exact: Array, dtype: torch.dtype) -> Array:
    """The size of one ULP at exact values."""
    info = torch.finfo(dtype)
    digits = -int(np.log2(info.eps))
    lowest = int(np.log2(info.tiny))
    _, exponent = np.frexp(exact)  # right for float64's subnormal numbers too
    binade = np.where((exact == 0) | ~np.isfinite(exact), lowest, exponent - 1)
    return np.ldexp(1.0, np.maximum(binade, lowest) - digits)


def errors(got: Array, truth: Truth, dtype: torch.dtype) -> Errors:
    """The error of every value."""
    info = torch.finfo(dtype)
    exact, smallest = truth.high, info.tiny * info.eps
    with np.errstate(all="ignore"):
        ulp = np.abs((got - exact) - truth.low) / spacing(exact, dtype)
    beyond, known = np.abs(exact) > info.max, ~np.isnan(exact)
    right = (np.abs(got) >= info.max) & (np.sign(got) == np.sign(exact))
    ulp = np.where(beyond, np.where(right, 0.0, inf), ulp)
    either = (truth.least <= got) & (got <= truth.most) & (truth.least < truth.most)
    ulp = np.where(either, 0.0, ulp)
    inside = known & ~beyond & ~either
    ulp = np.where(inside & ~np.isfinite(got), inf, ulp)
    ulp = np.where(known, ulp, 0.0)  # no truth to hold it against
    return Errors(ulp, inside & ~np.isfinite(got), inside & (got == 0) & (np.abs(exact) >= smallest))


def _short(ulp: float) -> float | str:
    return float(f"{ulp:.4g}") if isfinite(ulp) else "inf"  # JSON knows no infinity
