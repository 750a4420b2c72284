"""What becomes of a signal and a gradient in a deep stack of activations and linear layers, at initialisation.

Mean-field theory of wide layers. Plain: Poole et al. (2016), Exponential expressivity in deep neural networks through
transient chaos; Schoenholz et al. (2017), Deep information propagation. Residual: Yang, Schoenholz (2017), Mean field
residual networks: on the edge of chaos. Batch norm: Yang, Pennington, Rao, Sohl-Dickstein, Schoenholz (2019), A mean
field theory of batch normalization. May import: `catalogue`, `theory.gain`, `theory.numeric`, `theory.stack`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, islice
from math import ceil, inf, isclose, isfinite, log, sqrt
from operator import mul
from typing import get_args

from neurologist.theory.gain import Subject, moments, sized, spec_of
from neurologist.theory.numeric import branch_points
from neurologist.theory.stack import LARGEST, Layer, Norm, Stack

EPSILON: Mapping[str, float] = {"float32": 2.0**-24, "bfloat16": 2.0**-8, "float16": 2.0**-11}  # half an ULP of 1
FOLLOWED = 1000  # layers after which a gradient that still neither settles nor fades is left
SETTLED = 1e-9  # relative change of a factor from layer to layer below which it stays
GROWTH = 1.5  # times; what finite width does to one layer is then half as large again at the last
RADIAL = 50.0  # times; at a width of 500 it starts as 1/500 of the gradient and ends as a tenth
SHOWN = 6  # rows of the printed table

ASSUMES: Mapping[str | None, str] = {
    None: "wide layers of equal width, independent weights",
    "layer": "wide layers of equal width, independent weights",
    "batch": "wide layers of equal width, independent weights, large batches of independent samples",
}


@dataclass(frozen=True)
class Propagation:
    """Predicted sizes, layer by layer; RMS values over units and samples.

    Attributes:
        activation: its name.
        signal: RMS of the input, then of each layer's pre-activations, before any normalisation; depth + 1 numbers.
        gradient: RMS of the loss's gradient at each of them, the last being 1; depth + 1 numbers.
        factors: for each layer, the gradient's RMS before it over that behind it.
        drift: how many times a departure of the signal's mean square from this prediction grows up to the last layer,
            from wherever it grows most; 1 where none does. With batch norm, a departure of single samples.
        radial: how many times the gradient's share along the signal itself, at first 1/width, grows on the way back.
        warning: why not to rely on this prediction; None where nothing speaks against it.
        assumes: what the theory takes for granted.
    """

    activation: str
    signal: tuple[float, ...]
    gradient: tuple[float, ...]
    factors: tuple[float, ...]
    drift: float
    radial: float
    warning: str | None
    assumes: str
    _stack: Stack = field(repr=False)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.factors)

    @property
    def gradient_factor(self) -> float:
        """RMS of the gradient at the input over that at the last layer."""
        return self.gradient[0]

    @cached_property
    def resolution_depth(self) -> Mapping[str, float]:
        """By dtype, the depth at which such a stack's gradient falls below half an ULP of 1.

        Any depth, not only this one's: inf where the gradient does not shrink, or shrinks so slowly that it has
        neither got there nor settled to a steady factor in 1000 layers.
        """
        return {dtype: _layers_to(self._stack, epsilon) for dtype, epsilon in EPSILON.items()}

    def __str__(self) -> str:
        stack, per_layer = self._stack, self.gradient_factor ** (1 / self.depth)
        norm = f", {stack.norm} norm" if stack.norm else ""
        lines = [
            f"{self.activation}, {self.depth} layers, weight_std {sqrt(stack.weight):.4g}, "
            f"bias_std {sqrt(stack.bias):.4g}{norm}{', residual' if stack.residual else ''}",
            f"{'after layer':>11} {'signal':>9} {'gradient':>9}",
        ]
        for at in sorted({round(i * self.depth / (SHOWN - 1)) for i in range(SHOWN)}):
            lines.append(f"{at or 'input':>11} {self.signal[at]:>9.3g} {self.gradient[at]:>9.3g}")
        lost = ", ".join(f"{depth:.0f} ({dtype})" for dtype, depth in self.resolution_depth.items() if depth < inf)
        lines.append(f"gradient: times {per_layer:.4g} per layer, {self.gradient_factor:.3g} over all")
        lines.append(f"gradient below half an ULP of 1 at depth: {lost or 'none'}")
        lines.append(f"assumes {self.assumes}")
        return "\n".join([*lines, *([f"warning: {self.warning}"] if self.warning else [])])


def propagation(
    activation: Subject,
    depth: int,
    weight_std: float | None = None,
    bias_std: float = 0.0,
    norm: Norm | None = None,
    residual: bool = False,
    start: float = 1.0,
    **parameters: float,
) -> Propagation:
    """Signal and gradient through `depth` equal layers, at initialisation.

    A layer maps pre-activations z to W f(z) + b; with `norm`, to W f(norm(z)) + b; with `residual`, to z plus that.
    The weights' standard deviation is weight_std / sqrt(fan_in), the biases' is bias_std, as Poole et al. write it.

    - Plain: z is normal with variance q, which becomes w E f(sqrt(q) z)^2 + b; the gradient's variance is multiplied
      by w E f'(sqrt(q) z)^2. Exact as width grows.
    - Layer norm: the same at q = 1, the gradient divided by the variance that the norm takes out. Exact as width grows.
    - Batch norm: the same, with the variance over the batch, w (E f^2 - (E f)^2): samples differ independently once
      each unit's mean is gone. Exact as width and then batch grow; a batch of n is off by about 1/n per layer.
      Gain and bias of a normalisation are 1 and 0, as at initialisation.
    - Residual: variances add, and 1 adds to the factor on the gradient's variance.

    Args:
        activation: a name, a function such as `nl.gelu`, or one of your own from `nl.activation`.
        depth: number of layers, at least 1.
        weight_std: times 1/sqrt(fan_in); None stands for the gain. torch's default for `nn.Linear` is 1/sqrt(3).
        bias_std: as it is.
        norm: "layer" or "batch" before each activation, or None.
        residual: whether each layer adds to its input.
        start: RMS of the input.
        **parameters: the activation's own, by name.

    >>> deep = propagation("sigmoid", 30)
    >>> f"{deep.gradient_factor:.2e}", deep.resolution_depth["float32"], deep.warning
    ('5.79e-13', 18, None)
    >>> f"{propagation('relu', 30, weight_std=3**-0.5).gradient_factor:.2e}"
    '2.13e-12'
    """
    spec = sized(spec_of(activation, "propagation"), "propagation")
    _check(depth, weight_std, bias_std, norm, start)
    given = spec.with_defaults(parameters)
    branches = branch_points(spec, given)
    gain = moments(spec, given, branches).gain
    if weight_std is None and not isfinite(gain):
        raise ValueError(
            f"propagation got {spec.name!r}, which is 0 for normal inputs: it has no gain; give weight_std"
        )
    weight = (gain if weight_std is None else weight_std) ** 2
    stack = Stack(spec, given, branches, weight, bias_std**2, norm, residual, start**2)
    layers = list(islice(stack.layers(), depth))
    signal = (start, *(sqrt(layer.square) for layer in layers))
    gradient = [1.0]
    for layer in reversed(layers):
        gradient.append(gradient[-1] * sqrt(layer.chi))
    drift = _most([layer.growth for layer in reversed(layers)])
    radial = _most([layer.radial for layer in layers])
    return Propagation(
        activation=spec.name,
        signal=signal,
        gradient=tuple(reversed(gradient)),
        factors=tuple(sqrt(layer.chi) for layer in layers),
        drift=drift,
        radial=radial,
        warning=_extremes(signal) or _warning(stack, layers, drift, radial),
        assumes=ASSUMES[norm],
        _stack=stack,
    )


def resolution_depth(activation: Subject, dtype: str = "float32", weight_std: float | None = None) -> float:
    """The depth at which a gradient falls below half an ULP of 1 in `dtype`; inf where it does not shrink so far.

    >>> resolution_depth("sigmoid", "bfloat16"), resolution_depth("relu")
    (6, inf)
    """
    if dtype not in EPSILON:
        raise ValueError(f"resolution_depth got dtype {dtype!r}: expected one of {', '.join(EPSILON)}")
    return propagation(activation, 1, weight_std).resolution_depth[dtype]


def _check(depth: int, weight_std: float | None, bias_std: float, norm: str | None, start: float) -> None:
    if not isinstance(depth, int) or isinstance(depth, bool) or depth < 1:
        raise ValueError(f"propagation got depth={depth!r}: expected a whole number of layers, at least 1")
    for name, size in (("weight_std", 0.0 if weight_std is None else weight_std), ("bias_std", bias_std)):
        if not (isfinite(size) and size >= 0):
            raise ValueError(f"propagation got {name}={size!r}: expected a standard deviation, 0 or more")
    if not (isfinite(start) and start > 0):
        raise ValueError(f"propagation got start={start!r}: expected the input's RMS, more than 0")
    if norm is not None and norm not in get_args(Norm):
        raise ValueError(f"propagation got norm={norm!r}: expected None, {' or '.join(map(repr, get_args(Norm)))}")


def _most(factors: list[float]) -> float:
    """The largest product of the first so many; 1 where none is larger."""
    most = 1.0
    for product in accumulate(factors, mul):
        most = max(most, product)
    return most


def _extremes(signal: tuple[float, ...]) -> str | None:
    for layer, size in enumerate(signal):
        if not size < LARGEST:
            return f"the signal leaves float32 in layer {layer}: give a smaller weight_std, or a norm"
        if size == 0:
            return (
                f"the signal is 0 from layer {layer} on, and so is the gradient: give a larger weight_std or bias_std"
            )
    return None


def _warning(stack: Stack, layers: list[Layer], drift: float, radial: float) -> str | None:
    if drift > GROWTH:
        whose = "one sample's mean square" if stack.norm else f"the signal's mean square (Q'(1) = {stack.q_slope:.4g})"
        steepest = max(layer.growth for layer in layers)
        cure = "" if stack.norm else "; norm='layer' holds them"
        return (
            f"unstable: a departure of {whose} grows up to {steepest:.4g} times per layer, "
            f"{drift:.3g} times in all. Layers of finite width depart by about sqrt(2 / width) each, and so drift away "
            f"from this prediction{cure}"
        )
    if radial > RADIAL:
        return (
            f"the gradient along the signal itself, a share of 1/width at first, fades more slowly than the rest: the "
            f"share grows {radial:.3g} times. Unless layers are many times wider than that, first layers get more "
            "gradient than predicted"
        )
    return None


def _layers_to(stack: Stack, epsilon: float) -> float:
    if stack.residual:
        return inf  # the factor is at least 1
    left, before = log(epsilon), inf
    for number, layer in enumerate(islice(stack.layers(), FOLLOWED), 1):
        step = log(layer.chi) / 2 if layer.chi > 0 else -inf
        left -= step
        if left >= 0:
            return number
        if isclose(layer.chi, before, rel_tol=SETTLED):
            return number + ceil(left / step) if step < -1e-12 else inf
        before = layer.chi
    return inf
