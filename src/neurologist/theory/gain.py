"""How a function changes the size of a signal and of a gradient, for standard normal inputs.

Poole et al. (2016), Exponential expressivity in deep neural networks through transient chaos; Schoenholz et al.
(2017), Deep information propagation. May import: `catalogue`, `theory.numeric`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, sqrt

from neurologist.catalogue import Activation, activations
from neurologist.theory.numeric import branch_points, gaussian_mean, value_and_slope


@dataclass(frozen=True)
class Moments:
    """Averages over a standard normal z.

    Attributes:
        mean: E f(z).
        square: E f(z)^2.
        slope_square: E f'(z)^2.
        cross: E z f(z) f'(z).
    """

    mean: float
    square: float
    slope_square: float
    cross: float

    @property
    def gain(self) -> float:
        """1 / sqrt(E f^2); inf for a function that is 0 everywhere."""
        return 1 / sqrt(self.square) if self.square > 0 else inf

    @property
    def slope_gain(self) -> float:
        """sqrt(E f'^2)."""
        return sqrt(self.slope_square)

    @property
    def chi_1(self) -> float:
        """g^2 E f'^2."""
        return self.slope_square / self.square if self.square > 0 else inf

    @property
    def q_slope(self) -> float:
        """Q'(1), where Q(q) = g^2 E f(sqrt(q) z)^2."""
        return self.cross / self.square if self.square > 0 else inf


def moments(
    spec: Activation, parameters: Mapping[str, float], branches: tuple[float, ...], scale: float = 1.0
) -> Moments:
    """The averages at inputs of standard deviation `scale`, by quadrature split at the formula's branch points."""
    value, slope = value_and_slope(spec, parameters)
    points = tuple(point / scale for point in branches)
    return Moments(
        mean=gaussian_mean(lambda z: value(scale * z), points),
        square=gaussian_mean(lambda z: value(scale * z) ** 2, points),
        slope_square=gaussian_mean(lambda z: slope(scale * z) ** 2, points),
        cross=gaussian_mean(lambda z: scale * z * value(scale * z) * slope(scale * z), points),
    )


def gain(name: str | Activation, **parameters: float) -> float:
    """The factor g on weights of variance 1/fan_in that keeps E f(z)^2 at 1 from layer to layer.

    >>> round(gain("relu"), 3), round(gain("tanh"), 3), round(gain("gelu"), 3)
    (1.414, 1.593, 1.534)
    """
    spec = activations[name] if isinstance(name, str) else name
    given = spec.with_defaults(parameters)
    return moments(spec, given, branch_points(spec, given)).gain
