"""Equal layers one after the other, as the mean-field theory of wide layers follows them.

`theory.propagation` says what the theory is and where it holds. May import: `catalogue`, `theory.gain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, isclose, isfinite, nan, sqrt
from typing import Literal, NamedTuple

from neurologist.catalogue import Activation
from neurologist.theory.gain import Moments, moments

Norm = Literal["layer", "batch"]

SAME = 1e-13  # relative difference of mean squares whose averages differ by rounding only
LARGEST = 2.0**128  # where float32 and bfloat16 end
SMALLEST = 1e-300  # stands for a mean square of 0
NOTHING = Moments(nan, nan, nan, nan, nan)


class Layer(NamedTuple):
    """What one layer does, all in mean squares.

    Attributes:
        square: of the signal behind it.
        chi: the gradient's before it over that behind it.
        growth: relative departure of the signal's behind it over that before it; with batch norm, of one sample's.
        radial: gradient's along the signal itself over that in any other direction, behind it over before it.
    """

    square: float
    chi: float
    growth: float
    radial: float


@dataclass(frozen=True)
class Stack:
    """A stack without end.

    Attributes:
        spec: the activation's entry in the catalogue.
        parameters: its parameters.
        branches: where its formula changes branch.
        weight: fan_in times the weights' variance.
        bias: the biases' variance.
        norm: what normalises before each activation.
        residual: whether each layer adds to its input.
        start: mean square of the input.
    """

    spec: Activation
    parameters: Mapping[str, float]
    branches: tuple[float, ...]
    weight: float
    bias: float
    norm: Norm | None
    residual: bool
    start: float

    @property
    def q_slope(self) -> float:
        """Q'(1) at the gain."""
        return self._at(1.0).q_slope

    def layers(self) -> Iterator[Layer]:
        """The layers in order, each computed when asked for."""
        square = spread = self.start  # of the signal about 0, and of what a norm divides by
        reached, average = nan, NOTHING
        while True:
            seen = 1.0 if self.norm else square
            if not isclose(seen, reached, rel_tol=SAME):
                reached, average = seen, self._at(seen)
            square = (square if self.residual else 0.0) + self.weight * average.square + self.bias
            layer, spread = self._layer(average, square, spread)
            yield layer

    def _layer(self, average: Moments, square: float, spread: float) -> tuple[Layer, float]:
        """One layer, and what the next norm divides by."""
        made, change = self.weight * average.square + self.bias, self.weight * average.cross
        if self.norm == "batch":  # what all samples share does not count
            made = self.weight * (average.square - average.mean**2)
            change -= self.weight * 2 * average.mean * average.bend
        chi = self.weight * average.slope_square
        if self.norm:
            chi = chi / spread if spread > 0 else inf
        kept = spread if self.residual else 0.0
        chi, after = chi + self.residual, kept + made
        if self.norm == "layer" or min(spread, chi, after) <= 0 or not isfinite(chi * after):
            return Layer(square, chi, 1.0, 1.0), after
        growth = abs(kept + change) / after
        return Layer(square, chi, growth, growth**2 * after / spread / chi), after

    def _at(self, square: float) -> Moments:
        if not square < LARGEST**2:
            return Moments(inf, inf, inf, inf, inf)
        return moments(self.spec, self.parameters, self.branches, sqrt(max(square, SMALLEST)))
