"""One function in one stack of hidden layers: the numbers that `choose_hidden` judges by.

The gradient's factor is `theory.propagation`'s. A layer of n units misses the mean square that theory predicts by a
relative variance of (E f^4 / (E f^2)^2 - 1) / n, which later layers multiply by Q'(1)^2 each; for ReLU that is the 5/n
of Hanin and Rolnick (2018), How to start training: the effect of initialization and architecture. The last layer's own
mean square, of n normal numbers, adds 2/n.
May import: `catalogue`, `theory`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf, log10, sqrt
from typing import Any

from neurologist.catalogue import Activation
from neurologist.theory.numeric import branch_points, gaussian_mean, value_and_slope
from neurologist.theory.propagation import propagation
from neurologist.theory.stack import Norm
from neurologist.theory.traits import Traits, traits


@dataclass(frozen=True)
class Place:
    """Equal hidden layers.

    Attributes:
        depth: number of layers.
        width: units in each.
        norm: what normalises before each activation.
        residual: whether each layer adds to its input.
    """

    depth: int
    width: int
    norm: Norm | None = None
    residual: bool = False

    def given(self) -> dict[str, Any]:
        """What was known, by name."""
        return {"depth": self.depth, "width": self.width, "norm": self.norm, "residual": self.residual}

    def weight_std(self, found: Traits) -> float:
        """Standard deviation of the weights, times sqrt(fan_in), that keeps the signal's size.

        Branches that add up without a norm are divided by sqrt(depth), so that all of them together add 1.
        """
        return found.gain / sqrt(self.depth) if self.residual and self.norm is None else found.gain

    @property
    def ideal(self) -> float:
        """The gradient's factor where every branch keeps its variance."""
        if not self.residual:
            return 1.0
        return sqrt(self.depth + 1) if self.norm else (1 + 1 / self.depth) ** (self.depth / 2)

    def __str__(self) -> str:
        kind = " ".join([*(["residual"] if self.residual else []), *([f"{self.norm}-normed"] if self.norm else [])])
        return f"{self.depth} {kind or 'plain'} layers of {self.width}"


@dataclass(frozen=True)
class Candidate:
    """One function and what a stack makes of it.

    Attributes:
        factor: gradient's RMS at the first layer over that at the last.
        ideal: what the stack gives with branches that keep the gradient's variance; 1 without skip connections.
        scatter: relative standard deviation of the signal's mean square at the last layer, over drawings of weights.
        bent: share of the output's variance that no straight line of its input explains.
        alike: share of the output's mean square that is a constant.
    """

    spec: Activation
    traits: Traits
    factor: float
    ideal: float
    scatter: float
    bent: float
    alike: float

    @property
    def decades(self) -> float:
        """How far the gradient is from the ideal, in powers of ten; below 0 where it fades."""
        return log10(self.factor / self.ideal) if 0 < self.factor < inf else inf if self.factor else -inf


def candidate(spec: Activation, place: Place) -> Candidate:
    """The numbers of one function."""
    import numpy as np

    found = traits(spec)
    fourth, bent = _averages(spec)
    std = place.weight_std(found)
    with np.errstate(all="ignore"):  # some overflow, and are then refused
        factor = propagation(spec, place.depth, std, norm=place.norm, residual=place.residual).gradient_factor
    alike = 0.0 if found.zero_centred else min((found.mean * found.gain) ** 2, 1.0)
    return Candidate(spec, found, factor, place.ideal, _scatter(place, found, fourth), bent, alike)


def _scatter(place: Place, found: Traits, fourth: float) -> float:
    if place.norm:
        return 0.0  # each norm sets the size anew
    added, growth, last = fourth - 1, found.q_slope, 2.0
    if place.residual:  # 1/depth of the mean square is new in each layer, and its product with the old scatters too
        added, growth, last = added / place.depth**2 + 4 / place.depth, 1 + (growth - 1) / place.depth, 0.0
    try:
        total = sum(abs(growth) ** (2 * later) for later in range(place.depth))
    except OverflowError:
        return inf
    return sqrt((added * total + last) / place.width)


@lru_cache(maxsize=1024)
def _averages(spec: Activation) -> tuple[float, float]:
    """E f^4 / (E f^2)^2, and the share of Var f that is not linear in z."""
    points = branch_points(spec, spec.parameters)
    value, _ = value_and_slope(spec, spec.parameters)
    mean, square = gaussian_mean(value, points), gaussian_mean(lambda z: value(z) ** 2, points)
    linear = gaussian_mean(lambda z: z * value(z), points)
    variance = square - mean**2
    bent = 1 - linear**2 / variance if variance > 0 else 1.0
    return gaussian_mean(lambda z: value(z) ** 4, points) / square**2, bent
