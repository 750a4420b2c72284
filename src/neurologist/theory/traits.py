"""What follows from an activation's formula: nothing on this page is typed in, everything is computed.

Numbers come from float64 values on a grid that is split where the formula changes branch, from the stable forms;
SymPy is not needed. May import: `catalogue`, `theory.numeric`, `theory.shape`, `theory.gain`. To add a trait: a field
here and the line that computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf, isclose, isfinite, isnan

from neurologist.catalogue import Activation, DeclarationError, Interval
from neurologist.theory.gain import Moments, moments
from neurologist.theory.shape import Shape, shape


@dataclass(frozen=True)
class Traits:
    """What a function is like. For the softmax family: one output by its own input, of two entries, the other 0.

    Attributes:
        range: smallest interval with all its values; declared, and checked against the formula's values.
        monotonic: whether it never turns back.
        direction: "increasing" or "decreasing" where monotonic, else None.
        zero_centred: whether inputs around 0 (standard normal) give outputs whose mean is 0.
        odd: whether f(-x) = -f(x).
        even: whether f(-x) = f(x).
        saturates_left: whether the slope tends to 0 at -infinity without being exactly 0.
        saturates_right: the same at +infinity.
        dead: widest interval where the slope is exactly 0; None if there is none.
        dead_intervals: all of them, from left to right.
        lipschitz: largest absolute slope; inf where the function jumps.
        lipschitz_at: where it is reached; +-inf where only in the limit.
        limit_left: value at -infinity; None where there is none (it oscillates).
        limit_right: value at +infinity.
        slope_left: slope at -infinity.
        slope_right: slope at +infinity.
        smoothness: how many of its derivatives are continuous; inf where all are, -1 where the function itself jumps.
        kinks: where it is not smooth.
        convex: whether its slope never falls.
        concave: whether its slope never rises.
        curvature: largest absolute second derivative: how fast the slope can change; inf where the slope jumps.
        mean: E f(z), z standard normal.
        gain: g = 1 / sqrt(E f(z)^2).
        slope_gain: sqrt(E f'(z)^2).
        chi_1: g^2 E f'(z)^2: the factor on the gradient's variance per layer, with weights of variance g^2/fan_in.
        q_slope: Q'(1) = g^2 E[z f(z) f'(z)]: above 1, the signal's size drifts away from 1.
    """

    range: Interval
    monotonic: bool
    direction: str | None
    zero_centred: bool
    odd: bool
    even: bool
    saturates_left: bool
    saturates_right: bool
    dead: Interval | None
    dead_intervals: tuple[Interval, ...]
    lipschitz: float
    lipschitz_at: float
    limit_left: float | None
    limit_right: float | None
    slope_left: float | None
    slope_right: float | None
    smoothness: float
    kinks: tuple[float, ...]
    convex: bool
    concave: bool
    curvature: float
    mean: float
    gain: float
    slope_gain: float
    chi_1: float
    q_slope: float

    @property
    def saturates(self) -> bool:
        """Whether a tail's slope tends to 0 without being exactly 0."""
        return self.saturates_left or self.saturates_right

    @property
    def stable_fixed_point(self) -> bool:
        """Whether a signal of unit size stays so when initialised with the gain; else predictions drift."""
        return self.q_slope <= 1.0 + 1e-9


def traits(spec: Activation, **parameters: float) -> Traits:
    """The traits of an activation at its default parameters, or at the given ones; computed once."""
    return _traits(spec, tuple(sorted(spec.with_defaults(parameters).items())))


@lru_cache(maxsize=1024)
def _traits(spec: Activation, given: tuple[tuple[str, float], ...]) -> Traits:
    parameters = dict(given)
    form = shape(spec, parameters)
    range_ = spec.range_for(**parameters)
    check_range(spec.name, range_, form)
    return _assemble(range_, form, moments(spec, parameters, form.branches))


def _assemble(range_: Interval, form: Shape, average: Moments) -> Traits:
    zones = form.dead
    return Traits(
        range=range_,
        monotonic=form.direction is not None,
        direction=form.direction,
        zero_centred=abs(average.mean) < 1e-9,
        odd=form.odd,
        even=form.even,
        saturates_left=form.saturates[0],
        saturates_right=form.saturates[1],
        dead=max(zones, key=lambda zone: zone.width) if zones else None,
        dead_intervals=zones,
        lipschitz=form.steepest,
        lipschitz_at=form.steepest_at,
        limit_left=form.limits[0],
        limit_right=form.limits[1],
        slope_left=form.slope_limits[0],
        slope_right=form.slope_limits[1],
        smoothness=form.smoothness,
        kinks=form.kinks,
        convex=form.convex,
        concave=form.concave,
        curvature=form.curvature,
        mean=average.mean,
        gain=average.gain,
        slope_gain=average.slope_gain,
        chi_1=average.chi_1,
        q_slope=average.q_slope,
    )


def observed_range(spec: Activation) -> Interval:
    """The range as the grid and the tails show it, for a formula that declares none.

    An end belongs to it where a value beyond both tails, or a flat piece, reaches it.
    """
    form = shape(spec, spec.parameters)
    tails = [limit for limit in form.limits if limit is not None]
    low, high = min([form.lowest, *tails]), max([form.highest, *tails])
    flat_left, flat_right = (any(end in (zone.lo, zone.hi) for zone in form.dead) for end in (-inf, inf))
    at_tails = {value for value, flat in zip(form.limits, (flat_left, flat_right), strict=True) if not flat}
    return Interval(low, high, isfinite(low) and low not in at_tails, isfinite(high) and high not in at_tails)


def check_range(name: str, declared: Interval, form: Shape) -> None:
    """Hold the declared range against the values found; a `DeclarationError` where they differ.

    Values may not leave the range, and must come near each of its ends. (At 0.1 %: an end that is only reached in the
    limit, or as slowly as softsign's, is still told from a wrong one.)
    """
    low, high = form.lowest, form.highest
    outside = not _within(low, declared) or not _within(high, declared)
    near_low = low < -1e3 or isclose(low, declared.lo, rel_tol=1e-3, abs_tol=1e-3)
    near_high = high > 1e3 or isclose(high, declared.hi, rel_tol=1e-3, abs_tol=1e-3)
    for limit, end in ((form.limits[0], declared), (form.limits[1], declared)):
        if limit is not None and not isnan(limit):
            near_low = near_low or limit == end.lo
            near_high = near_high or limit == end.hi
    if outside or not near_low or not near_high:
        raise DeclarationError(
            f"activation {name!r} declares the range {declared}: its formula gives values from {low:.6g} to "
            f"{high:.6g}; correct `range` or the formula"
        )


def _within(value: float, declared: Interval) -> bool:
    slack = 1e-9 * max(1.0, abs(value))
    return declared.lo - slack <= value <= declared.hi + slack
