"""What becomes of a signal and a gradient in a deep stack of linear layers and activations, at initialisation.

Mean-field theory of wide layers: Poole et al. (2016), Schoenholz et al. (2017). Pre-activations are normal with
variance q; q becomes w Ef(sqrt(q) z)^2 + b from layer to layer, and the gradient's variance is multiplied by
w E f'(sqrt(q) z)^2, where w = fan_in var(weight) and b = var(bias). The second product is exact in the limit of wide
layers of equal width. May import: `catalogue`, `theory.gain`, `theory.numeric`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf, isfinite, log, sqrt

from neurologist.catalogue import Activation, activations
from neurologist.theory.gain import Moments, moments
from neurologist.theory.numeric import branch_points

TORCH_WEIGHT = 1 / 3  # fan_in times the variance of torch's default weights, uniform within +-1/sqrt(fan_in)
EPSILON: Mapping[str, float] = {"float32": 2.0**-24, "bfloat16": 2.0**-8, "float16": 2.0**-11}  # half an ULP of 1


@dataclass(frozen=True)
class Propagation:
    """Predicted sizes, layer by layer; RMS values, index 0 the first layer's.

    Attributes:
        signal: RMS of the pre-activations of each layer.
        gradient: RMS of the gradient at each layer's pre-activations, the last layer's being 1.
        stable: whether a signal of unit size stays so under these weights; where not, small departures grow from
            layer to layer and the prediction drifts.
    """

    signal: tuple[float, ...]
    gradient: tuple[float, ...]
    stable: bool

    @property
    def gradient_factor(self) -> float:
        """RMS of the gradient at the first layer over that at the last."""
        return self.gradient[0]


def signal_factor(activation: str | Activation, weight: float = TORCH_WEIGHT) -> float:
    """Factor on the signal's RMS in one layer, for a pre-activation of unit variance.

    Args:
        activation: its name or its spec.
        weight: fan_in times the weights' variance; torch's default is 1/3.
    """
    return sqrt(weight * _at(activation, 1.0).square)


def gradient_factor(activation: str | Activation, weight: float | None = None) -> float:
    """Factor on the gradient's RMS in one layer, for pre-activations of unit variance.

    Args:
        activation: its name or its spec.
        weight: fan_in times the weights' variance; None stands for the gain squared, which gives sqrt(chi_1).

    >>> round(gradient_factor("relu"), 6), round(gradient_factor("relu", 1 / 3), 4)
    (1.0, 0.4082)
    """
    average = _at(activation, 1.0)
    return sqrt(average.chi_1 if weight is None else weight * average.slope_square)


def propagation(
    activation: str | Activation,
    depth: int,
    weight: float | None = None,
    bias: float = 0.0,
    start: float = 1.0,
) -> Propagation:
    """Signal and gradient through `depth` equal layers, each an activation followed by a linear map.

    Args:
        activation: its name or its spec.
        depth: number of layers, at least 1.
        weight: fan_in times the weights' variance; None stands for the gain squared.
        bias: variance of the biases.
        start: variance of the first pre-activations.

    >>> deep = propagation("sigmoid", 30)
    >>> f"{deep.gradient_factor:.1e}", deep.stable
    ('1.5e-12', True)
    """
    if depth < 1:
        raise ValueError(f"propagation got a depth of {depth}: expected at least 1 layer")
    unit = _at(activation, 1.0)
    scale = 1 / unit.square if weight is None and unit.square > 0 else weight if weight is not None else inf
    variances, factors = [start], []
    for _ in range(depth - 1):
        average = _at(activation, variances[-1])
        variances.append(scale * average.square + bias)
        factors.append(scale * average.slope_square)
    gradients = [1.0]
    for factor in reversed(factors):
        gradients.append(gradients[-1] * sqrt(factor) if isfinite(factor) else inf)
    return Propagation(
        signal=tuple(sqrt(variance) for variance in variances),
        gradient=tuple(reversed(gradients)),
        stable=scale * unit.cross <= 1 + 1e-9,
    )


def resolution_depth(activation: str | Activation, dtype: str = "float32", weight: float | None = None) -> float:
    """Layers after which a gradient is below half an ULP of 1 in `dtype`; inf where it does not shrink."""
    if dtype not in EPSILON:
        raise ValueError(f"resolution_depth got dtype {dtype!r}: expected one of {', '.join(EPSILON)}")
    factor = gradient_factor(activation, weight)
    if factor <= 0:
        return 1
    return ceil(log(EPSILON[dtype]) / log(factor)) if factor < 1 - 1e-12 else inf


def _at(activation: str | Activation, variance: float) -> Moments:
    spec = activations[activation] if isinstance(activation, str) else activation
    given = dict(spec.parameters)
    if not isfinite(variance) or variance <= 0:
        size = 0.0 if variance <= 0 else inf
        return Moments(mean=size, square=size, slope_square=size, cross=size)
    return moments(spec, given, branch_points(spec, given), sqrt(variance))
