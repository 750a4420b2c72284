"""How a function changes the size of a signal and of a gradient, for standard normal inputs.

Poole et al. (2016), Exponential expressivity in deep neural networks through transient chaos; Schoenholz et al.
(2017), Deep information propagation. May import: `catalogue`, `theory.numeric`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf, sqrt
from typing import TYPE_CHECKING, Protocol

from neurologist.catalogue import Activation, activations
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula
from neurologist.theory.numeric import branch_points, gaussian_mean, gaussian_mean_of_two, value_and_slope

if TYPE_CHECKING:
    from neurologist.theory.numeric import Array, OnArrays

    OnTwo = Callable[[Array, Array], Array]


class HasSpec(Protocol):
    """A function made from an entry of the catalogue, or from a formula of the user's own."""

    @property
    def spec(self) -> Activation:
        """What it was made from."""


Subject = str | Activation | HasSpec  # a name, an entry of the catalogue, or a function


@dataclass(frozen=True)
class Moments:
    """Averages over a standard normal z; for gated units over two independent ones, a and b.

    Attributes:
        mean: E f(z).
        square: E f(z)^2.
        slope_square: E f'(z)^2; for gated units the sum of both partial slopes' squares.
        cross: change of E f(sqrt(q) z)^2 with ln q: E z f(z) f'(z) where f does not jump.
        bend: change of E f(sqrt(q) z) with ln q: E f''(z) / 2 where f is smooth.
    """

    mean: float
    square: float
    slope_square: float
    cross: float
    bend: float

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


def spec_of(subject: Subject, who: str) -> Activation:
    """The catalogue's entry behind a name or a function; `who` asks, and stands in the error."""
    if isinstance(subject, str):
        return activations[subject]
    spec = subject if isinstance(subject, Activation) else getattr(subject, "spec", None)
    if not isinstance(spec, Activation):
        raise TypeError(
            f"{who} got {subject!r} as its activation: expected a name such as 'gelu', a function such as nl.gelu, or "
            "one of your own; make it with nl.activation"
        )
    return spec


def joins_halves(spec: Activation) -> bool:
    """Whether it is a gated unit: of two vectors joined, entry by entry."""
    return spec.vector and spec.widens == 0.5


def sized(spec: Activation, who: str) -> Activation:
    """The same entry, if the size of its output follows from the size of its input; else a `ValueError`."""
    if spec.vector and spec.widens == 1:
        raise ValueError(
            f"{who} got {spec.name!r}, which mixes the entries of a vector, so that its output's size depends on how "
            "many there are: expected a function of one number, or a gated unit; it belongs at the network's output"
        )
    return spec


def moments(
    spec: Activation, parameters: Mapping[str, float], branches: tuple[float, ...], scale: float = 1.0
) -> Moments:
    """The averages at inputs of standard deviation `scale`, by quadrature split at the formula's branch points."""
    given = tuple(parameters.items())
    points = tuple(point / scale for point in branches)
    if joins_halves(spec):
        return _moments_of_two(spec, given, points, scale)
    value, slope = _forms(spec, given)
    # Stein's identity: the density is differentiated by q instead of f, which may jump.
    return Moments(
        mean=gaussian_mean(lambda z: value(scale * z), points),
        square=gaussian_mean(lambda z: value(scale * z) ** 2, points),
        slope_square=gaussian_mean(lambda z: slope(scale * z) ** 2, points),
        cross=gaussian_mean(lambda z: (z**2 - 1) / 2 * value(scale * z) ** 2, points),
        bend=gaussian_mean(lambda z: (z**2 - 1) / 2 * value(scale * z), points),
    )


def _moments_of_two(
    spec: Activation, given: tuple[tuple[str, float], ...], points: tuple[float, ...], scale: float
) -> Moments:
    value, slopes = _forms_of_two(spec, given)

    def mean(power: int, by: Callable[[Array, Array], Array] | None = None) -> float:
        def at(a: Array, b: Array) -> Array:
            found = value(scale * a, scale * b) ** power
            return found if by is None else found * by(a, b)

        return gaussian_mean_of_two(at, points)

    def change(a: Array, b: Array) -> Array:
        return (a**2 + b**2 - 2) / 2

    return Moments(
        mean=mean(1),
        square=mean(2),
        slope_square=gaussian_mean_of_two(lambda a, b: slopes(scale * a, scale * b), points),
        cross=mean(2, change),
        bend=mean(1, change),
    )


@lru_cache(maxsize=64)
def _forms(spec: Activation, given: tuple[tuple[str, float], ...]) -> tuple[OnArrays, OnArrays]:
    return value_and_slope(spec, dict(given))


@lru_cache(maxsize=16)
def _forms_of_two(spec: Activation, given: tuple[tuple[str, float], ...]) -> tuple[OnTwo, OnTwo]:
    """Value of a gated unit, and the sum of its two slopes' squares."""
    import numpy as np

    run, back = compile_formula(spec.value, arrays()), compile_formula(str(spec.pullback), arrays())

    def value(a: Array, b: Array) -> Array:
        with np.errstate(all="ignore"):
            result: Array = run({**dict(given), "x": np.stack([a, b], -1)})[..., 0]
        return result

    def slopes(a: Array, b: Array) -> Array:
        with np.errstate(all="ignore"):
            result = np.asarray(back({**dict(given), "x": np.stack([a, b], -1), "g": np.ones((len(a), 1))}))
        total: Array = np.sum(result**2, -1)
        return total

    return value, slopes


def gain(activation: Subject, **parameters: float) -> float:
    """The factor g on weights of standard deviation 1/sqrt(fan_in) that keeps E f(z)^2 at 1 from layer to layer.

    Args:
        activation: a name, a function such as `nl.gelu`, or one of your own from `nl.activation`. For gated units
            (GLU and its kin) both halves of the input count as independent.
        **parameters: the function's own, by name.

    >>> round(gain("relu"), 3), round(gain("tanh"), 3), round(gain("gelu"), 3)
    (1.414, 1.593, 1.534)
    >>> round(gain("leaky_relu", negative_slope=0.2), 3)
    1.387
    """
    spec = sized(spec_of(activation, "gain"), "gain")
    given = spec.with_defaults(parameters)
    return moments(spec, given, branch_points(spec, given)).gain
