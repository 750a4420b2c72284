"""Traits in words: one line per trait, with its numbers, for every view of a card.

May import: `catalogue`, `theory`, `report.words`. To say one more thing, add a line to `traits_in_words`.
"""

from __future__ import annotations

from math import inf, isfinite, isnan
from typing import Any

from neurologist.catalogue import Activation, Interval
from neurologist.report.words import to_ascii
from neurologist.theory.numeric import value_and_slope
from neurologist.theory.traits import Traits

DEPTH = 30  # layers over which a gradient's fate is told
BETWEEN = (0.01, 0.2, 0.5, 0.8, 0.99)  # where, between two kinks, a slope is held against the steepest
FAR = 8.0  # how far from the last kink
DIGITS = 4


def digits(value: float) -> str:
    """A number in four digits: `1.593`, `5.8e-13`, `∞`.

    >>> digits(1.59253742), digits(-float("inf")), digits(0.0)
    ('1.593', '-∞', '0')
    """
    if not isfinite(value):
        return "?" if isnan(value) else "∞" if value > 0 else "-∞"
    text = f"{value:.{DIGITS}g}"
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return f"{float(f'{float(mantissa):.2g}'):g}e{int(exponent)}"
    return "0" if float(text) == 0 else text


def plain(data: Any) -> Any:
    """Plain data with all its texts in ASCII, so that their lengths are known before they are laid out."""
    if isinstance(data, str):
        return to_ascii(data)
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    return [plain(value) for value in data] if isinstance(data, list) else data


def interval(found: Interval) -> str:
    """An interval: `(0, 1)`, `[-0.17, ∞)`."""
    left, right = "[" if found.lo_closed else "(", "]" if found.hi_closed else ")"
    return f"{left}{digits(found.lo)}, {digits(found.hi)}{right}"


def traits_in_words(spec: Activation, found: Traits) -> list[tuple[str, str]]:
    """(trait, what is true of it) pairs."""
    return [
        ("range", interval(found.range)),
        ("tails", f"{_tail('left', found.limit_left)}, {_tail('right', found.limit_right)}"),
        ("monotonic", found.direction or "no: it turns back"),
        ("symmetry", "odd: f(-x) = -f(x)" if found.odd else "even: f(-x) = f(x)" if found.even else "none"),
        ("zero-centred", zero_centred(found)),
        ("saturation", saturation(found)),
        ("dead zone", dead_zone(found)),
        ("steepest slope", steepest(spec, found)),
        ("smoothness", smoothness(found)),
        ("curvature", curvature(found)),
    ]


def start_in_words(found: Traits) -> list[tuple[str, str]]:
    """(quantity, what it says) pairs about a network that starts with this function."""
    stable = found.stable_fixed_point
    verdict = "at most 1: a signal's size returns to 1, or stays" if stable else "above 1: a signal's size drifts"
    return [
        ("gain", f"{digits(found.gain)}: weights of standard deviation gain / sqrt(fan_in) keep the signal's size"),
        ("gain of the slope", f"{digits(found.slope_gain)}: root mean square of f'(z), z standard normal"),
        (
            "chi_1",
            f"{digits(found.chi_1)}: factor on the gradient's variance per layer; over {DEPTH} layers the gradient is "
            f"multiplied by {digits(gradient_over(found))}",
        ),
        ("Q'(1)", f"{digits(found.q_slope)}: {verdict}"),
    ]


def warning(found: Traits) -> str | None:
    """What to beware of where a signal's size drifts; None where it does not."""
    if found.stable_fixed_point:
        return None
    return (
        f"Q'(1) = {digits(found.q_slope)} is above 1, so the fixed point is unstable: a signal that starts a little "
        f"off unit size drifts further from layer to layer. What follows from the gain holds only with a normalisation"
    )


def gradient_over(found: Traits, depth: int = DEPTH) -> float:
    """The factor on a gradient's size over that many layers, with weights drawn with the gain."""
    try:
        return float(found.chi_1 ** (depth / 2))
    except OverflowError:
        return inf


def zero_centred(found: Traits) -> str:
    """Whether outputs average 0."""
    return "yes" if found.zero_centred else f"no: outputs average {digits(found.mean)} for standard normal inputs"


def saturation(found: Traits) -> str:
    """On which side the slope tends to 0."""
    sides = [side for side, does in (("left", found.saturates_left), ("right", found.saturates_right)) if does]
    if not sides:
        return "none"
    return f"{'both sides' if len(sides) == 2 else sides[0]}: the slope tends to 0"


def dead_zone(found: Traits) -> str:
    """Where the slope is exactly 0."""
    zones = ", ".join(interval(zone) for zone in found.dead_intervals)
    return f"{zones}: the slope is exactly 0" if zones else "none"


def steepest(spec: Activation, found: Traits) -> str:
    """The largest absolute slope and where it is reached."""
    return f"{digits(found.lipschitz)}{steepest_where(spec, found)}"


def steepest_where(spec: Activation, found: Traits) -> str:
    """Where the largest absolute slope is reached, to follow the number."""
    at = found.lipschitz_at
    if not isfinite(found.lipschitz) and isfinite(at):
        return f": it jumps at x = {digits(at)}"
    if not isfinite(at):
        return f" in the limit x → {digits(at)}"
    low = max((kink for kink in found.kinks if kink < at), default=-inf)
    high = min((kink for kink in found.kinks if kink > at), default=inf)
    left, right = _level(spec, found, low, at), _level(spec, found, at, high)
    mirrored = found.odd or found.even
    if not left and not right:
        return f" at x = {'±' if mirrored and at else ''}{digits(abs(at) if mirrored else at)}"
    low, high = low if left else at, high if right else at
    if isfinite(low) and isfinite(high):
        return f" for {digits(low)} < x < {digits(high)}"
    if (low, high) == (-inf, inf):
        return " everywhere" if at not in found.kinks else f" for x ≠ {digits(at)}"
    edge = low if high == inf else high
    if mirrored:
        return f" for |x| > {digits(abs(edge))}" if edge else " for x ≠ 0"
    return f" for x {'>' if high == inf else '<'} {digits(edge)}"


def _level(spec: Activation, found: Traits, low: float, high: float) -> bool:
    """Whether the slope has its largest size all along an interval."""
    import numpy as np

    low = low if isfinite(low) else min(high, FAR) - FAR
    high = high if isfinite(high) else low + FAR
    _, slope = value_and_slope(spec, spec.parameters)
    sizes = np.abs(slope(low + (high - low) * np.array(BETWEEN)))
    return bool(np.all(sizes >= found.lipschitz * (1 - 1e-12)))


def smoothness(found: Traits) -> str:
    """How many derivatives are continuous."""
    at = ", ".join(digits(point) for point in found.kinks[:4]) + (", ..." if len(found.kinks) > 4 else "")
    if found.smoothness == inf:
        return "all derivatives are continuous"
    if found.smoothness < 0:
        return f"the function jumps at x = {at}"
    if found.smoothness == 0:
        return f"continuous; the slope jumps at x = {at}"
    count = int(found.smoothness)
    return f"{count} continuous derivative{'s' if count > 1 else ''}; the next jumps at x = {at}"


def curvature(found: Traits) -> str:
    """Convex, concave or neither, and how fast the slope can change."""
    kind = {(True, True): "straight", (True, False): "convex", (False, True): "concave"}
    name = kind.get((found.convex, found.concave), "neither convex nor concave")
    return name if found.curvature in (0, inf) else f"{name}; |f''| is at most {digits(found.curvature)}"


def _tail(side: str, limit: float | None) -> str:
    end = "-∞" if side == "left" else "∞"
    if limit is None:
        return f"settles on nothing at {end}"
    verb = "tends" if isfinite(limit) else "grows" if limit > 0 else "falls"
    return f"{verb} to {digits(limit)} at {end}"
