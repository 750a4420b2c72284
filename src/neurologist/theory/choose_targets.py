"""Reading example targets: what they are numbers of, and so which kind of output they ask for.

May import: `catalogue`; NumPy inside functions. Tensors are read without importing torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import TYPE_CHECKING, Any

from neurologist.catalogue import Interval
from neurologist.catalogue.interval import UNIT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CENTRED = Interval(-1.0, 1.0, True, True)
NEAR = 0.05  # of an interval's width: targets this near to both of its ends are bounded by it
FELT = 3.0  # standard deviations; a mean farther from 0 leaves the bound at 0 unfelt
DISPERSED = 10.0  # variance over mean; a count of independent events has 1
SUM = 1e-3  # rows of shares may miss 1 by rounding, in float16 too
WHOLE = ("multi-class", "counts")
VERY_STRONG = 10.0  # difference of Schwarz's criterion; Kass and Raftery (1995), Bayes factors
ENOUGH = 10  # targets per class, from which on their distribution says something


@dataclass(frozen=True)
class Targets:
    """Example targets as float64 numbers.

    Attributes:
        values: all of them, in their shape.
        whole_type: whether they came as integers or truth values.
        coded: whether they came as -1 and 1, and are 0 and 1 now.
    """

    values: NDArray[np.float64]
    whole_type: bool
    coded: bool = False

    def __str__(self) -> str:
        return f"{self.values.size:,} in {self.interval}"

    def as_probabilities(self) -> Targets:
        """0 and 1 instead of -1 and 1; others as they are."""
        return Targets((self.values + 1) / 2, self.whole_type, True) if self.consists_of(-1, 1) else self

    @cached_property
    def distinct(self) -> NDArray[np.float64]:
        """The different values, in order."""
        import numpy as np

        return np.unique(self.values)

    @cached_property
    def interval(self) -> Interval:
        """The smallest interval that holds them."""
        return Interval(float(self.distinct[0]), float(self.distinct[-1]), True, True)

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(self.values.mean())

    @property
    def std(self) -> float:
        """Their standard deviation."""
        return float(self.values.std())

    @property
    def whole(self) -> bool:
        """Whether all are whole numbers."""
        return bool((self.distinct == self.distinct.round()).all())

    @property
    def fraction(self) -> float:
        """The first of them that is no whole number."""
        return float(next(value for value in self.distinct if value != round(value)))

    @cached_property
    def hot(self) -> bool:
        """Whether they are shares of classes: along dim 1 they add up to 1."""
        inside = self.values.ndim > 1 and self.interval.issubset(UNIT)
        return inside and bool((abs(self.values.sum(axis=1) - 1) <= SUM).all())

    def shares(self) -> NDArray[np.float64]:
        """The share of each class: of indices, how often each occurs; of rows, the mean of each column."""
        import numpy as np

        if self.hot:
            return np.asarray(self.values.mean(axis=tuple(axis for axis in range(self.values.ndim) if axis != 1)))
        return np.bincount(self.values.astype(np.int64).ravel()) / self.values.size

    def weight_of_farthest(self) -> float:
        """The share of all squared deviations from the mean that the farthest hundredth of the targets makes."""
        import numpy as np

        squares = np.sort(((self.values - self.mean) ** 2).ravel())
        return float(squares[-max(1, squares.size // 100) :].sum() / max(squares.sum(), 1e-300))

    def consists_of(self, *values: float) -> bool:
        """Whether they are these two values and no others."""
        return bool(self.distinct.tolist() == list(values))

    def outside(self, interval: Interval) -> float:
        """The share of them that lies outside an interval."""
        import numpy as np

        above = self.values >= interval.lo if interval.lo_closed else self.values > interval.lo
        below = self.values <= interval.hi if interval.hi_closed else self.values < interval.hi
        return float(1 - np.mean(above & below))


def read(targets: Any) -> Targets:
    """Targets from a tensor, an array, or a list of numbers; `TypeError` or `ValueError` where there are none."""
    import numpy as np

    if type(targets).__module__.partition(".")[0] == "torch" and hasattr(targets, "detach"):
        whole = not (targets.is_floating_point() or targets.is_complex())
        found = np.asarray(targets.detach().cpu().double().numpy() if not targets.is_complex() else [1j])
    else:
        found = _array(targets)
        whole = found.dtype.kind in "biu"
    if found.dtype.kind not in "biuf":
        raise TypeError(
            f"targets got {found.dtype} values: expected real numbers; give classes as indices 0, 1, 2, ..."
        )
    if not found.size:
        raise ValueError("targets got no values: expected at least two different ones; name the kind of output instead")
    values = found.astype(np.float64)
    bad = int(np.sum(~np.isfinite(values)))
    if bad:
        raise ValueError(f"targets got {bad} NaN or infinite of {values.size} values: expected numbers; leave them out")
    return Targets(values.reshape(len(values)) if values.ndim == 2 and values.shape[1] == 1 else values, whole)


def _array(targets: Any) -> NDArray[Any]:
    import numpy as np

    try:
        return np.atleast_1d(np.asarray(targets))
    except ValueError:  # rows of different lengths
        raise TypeError(
            "targets got rows of different lengths: expected an array; give one row of 0 and 1 per example"
        ) from None


def kind_of(targets: Targets) -> tuple[str, str]:
    """Which kind of output they ask for, and how that was seen."""
    if len(targets.distinct) < 2:
        raise ValueError(
            f"targets got nothing but {targets.interval.lo:g}: expected at least two different values; name the kind "
            "of output, as in choose('unbounded')"
        )
    return _labels(targets) or _whole(targets) or _real(targets)


def _labels(targets: Targets) -> tuple[str, str] | None:
    two = targets.consists_of(0, 1)
    if targets.hot:
        return "multi-class", f"each row of {targets.values.shape[1]} adds up to 1"
    if two and targets.values.ndim == 2:
        ones = targets.values.sum(axis=1)
        return "multi-label", f"0 and 1 only, with {ones.min():g} to {ones.max():g} ones per row"
    return ("binary", f"{targets.distinct[0]:g} and 1 only") if two or targets.consists_of(-1, 1) else None


def _whole(targets: Targets) -> tuple[str, str] | None:
    if not targets.whole or targets.interval.lo < 0:
        return None
    classes, size = len(targets.distinct), targets.values.size
    ratio = targets.std**2 / targets.mean
    if targets.whole_type and targets.distinct.tolist() == list(range(classes)) and classes < size:
        if size < ENOUGH * classes or _fitter_as_counts(targets) < VERY_STRONG:
            return "multi-class", f"integers, and every one from 0 to {classes - 1} occurs"
        return (
            "counts",
            f"integers that a Poisson distribution of mean {targets.mean:.3g} fits better than free classes",
        )
    if 1 / DISPERSED < ratio < DISPERSED:
        return "counts", f"whole numbers from {targets.interval.lo:g} up, their variance {ratio:.2g} times their mean"
    return None


def _fitter_as_counts(targets: Targets) -> float:
    """How much lower Schwarz's criterion (1978) is for a Poisson distribution than for free frequencies of classes."""
    import numpy as np

    _, times = np.unique(targets.values, return_counts=True)
    numbers, total, mean = np.arange(len(times)), times.sum(), targets.mean
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, len(times))))])
    poisson = float(np.sum(times * (numbers * log(mean) - mean - factorials)))
    classes = float(np.sum(times * np.log(times / total)))
    return float((len(times) - 2) * log(total) - 2 * (classes - poisson))


def filled(targets: Targets) -> Interval | None:
    """The usual interval, [0, 1] or [-1, 1], that holds them and whose ends they come near; None where none does."""
    seen = targets.interval
    for bound in (UNIT, CENTRED):
        near = NEAR * bound.width
        if seen.issubset(bound) and seen.lo - bound.lo <= near and bound.hi - seen.hi <= near:
            return bound
    return None


def misfit(targets: Targets, kind: str, interval: Interval) -> str:
    """What is wrong with targets that were said to be of a kind, and what to do; "" where nothing is."""
    seen = targets.interval
    if kind == "multi-class" and not targets.hot and targets.values.ndim == 2 and seen.issubset(UNIT):
        sums = targets.values.sum(axis=1)
        return (
            f"whose rows add up to {sums.min():.3g} to {sums.max():.3g}: expected class indices, or rows that add up "
            "to 1; where several classes hold at once, choose 'multi-label'"
        )
    if kind in WHOLE and not targets.whole and not targets.hot:
        return f"that are no whole numbers, such as {targets.fraction:.6g}: expected 0, 1, 2, ..."
    if seen.issubset(interval):
        return ""
    share = targets.outside(interval)
    return f"from {seen.lo:.6g} to {seen.hi:.6g}, {share:.2g} of them outside {interval}: expected all in it"


def _real(targets: Targets) -> tuple[str, str]:
    seen, bound = targets.interval, filled(targets)
    if bound is not None:
        return "bounded", f"from {seen.lo:.3g} to {seen.hi:.3g}, which fills {bound}"
    if seen.lo >= 0 and targets.mean < FELT * targets.std:
        return "non-negative", f"from {seen.lo:.3g} to {seen.hi:.3g}, mean {targets.mean:.3g}: near 0, and never below"
    far = f"; their mean is {targets.mean / targets.std:.3g} standard deviations above 0" if seen.lo >= 0 else ""
    return "unbounded", f"from {seen.lo:.3g} to {seen.hi:.3g}{far}"
