"""The shape of a function of one number: tails, dead zones, steepest slope, smoothness, symmetry.

May import: `catalogue`, `theory.numeric`; NumPy inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING

from neurologist.catalogue import Activation, FormulaError, Interval
from neurologist.catalogue.differentiate import differentiate
from neurologist.theory.numeric import branch_points, grid, on_arrays, value_and_slope, vector_extremes

if TYPE_CHECKING:
    from neurologist.theory.numeric import Array, OnArrays

FAR = (1e8, 1e12, 1e16)  # where tails are read
NEAR = (0.01, 0.1, 0.5, 1.0, 3.0, 8.0)  # distances from a branch point at which a piece is looked at
ORDERS = 4  # derivatives looked at for smoothness; a function with this many continuous ones counts as smooth
SLACK = 1e-12  # rounding of slopes of order 1
JUMP = 1e-4  # change across 2e-6 that counts as a jump; third derivatives of the catalogue stay below 10


@dataclass(frozen=True)
class Shape:
    """What the grid shows.

    Attributes:
        branches: where the formula changes branch.
        kinks: those of them where some derivative jumps.
        smoothness: number of continuous derivatives; -1 where the function itself jumps.
        lowest: smallest value found.
        highest: largest value found.
        direction: "increasing", "decreasing" or None.
        odd: f(-x) = -f(x).
        even: f(-x) = f(x).
        convex: the slope never falls.
        concave: it never rises.
        curvature: largest absolute second derivative.
        steepest: largest absolute slope.
        steepest_at: where, nearest to 0.
        limits: values at -inf and inf.
        slope_limits: slopes at -inf and inf.
        dead: where the slope is exactly 0.
        saturates: whether the slope tends to 0 on the left, on the right.
    """

    branches: tuple[float, ...]
    kinks: tuple[float, ...]
    smoothness: float
    lowest: float
    highest: float
    direction: str | None
    odd: bool
    even: bool
    convex: bool
    concave: bool
    curvature: float
    steepest: float
    steepest_at: float
    limits: tuple[float | None, float | None]
    slope_limits: tuple[float | None, float | None]
    dead: tuple[Interval, ...]
    saturates: tuple[bool, bool]


def shape(spec: Activation, parameters: Mapping[str, float]) -> Shape:
    """Look at a function on the grid, around its branch points and far out."""
    import numpy as np

    value, slope = value_and_slope(spec, parameters)
    branches = branch_points(spec, parameters)
    around = [point + side * 1e-9 * max(1.0, abs(point)) for point in branches for side in (-1, 0, 1)]
    x = np.unique(np.concatenate([grid(), np.asarray(around, dtype=float)]))
    y, dy = value(x), slope(x)
    known = np.isfinite(y) & np.isfinite(dy)  # an exponential soon leaves the floats
    x, y, dy = x[known], y[known], dy[known]
    kinks, smoothness = _kinks(spec, parameters, branches)
    dead = _dead(slope, branches)
    slopes = (_limit(slope, -1), _limit(slope, 1))
    jump = (inf, min(kinks, key=abs)) if smoothness < 0 else None
    steepest, steepest_at = jump or _steepest(slope, x, dy, branches)
    extremes = vector_extremes(spec, parameters) if spec.vector else tuple(_extreme(value, x, y, s) for s in (-1, 1))
    smooth = ~np.isin(x, branches)
    return Shape(
        branches=branches,
        kinks=kinks,
        smoothness=smoothness,
        lowest=extremes[0],
        highest=extremes[1],
        direction=_direction(y, dy),
        odd=_mirrors(value, -1),
        even=_mirrors(value, 1),
        convex=smoothness >= 0 and _never_falls(dy[smooth]),
        concave=smoothness >= 0 and _never_falls(-dy[smooth]),
        curvature=_curvature(spec, parameters, x[smooth]) if smoothness >= 1 else inf,
        steepest=steepest,
        steepest_at=steepest_at,
        limits=(_limit(value, -1), _limit(value, 1)),
        slope_limits=slopes,
        dead=dead,
        saturates=(
            slopes[0] == 0 and not any(zone.lo == -inf for zone in dead),
            slopes[1] == 0 and not any(zone.hi == inf for zone in dead),
        ),
    )


def _never_falls(slopes: Array) -> bool:
    import numpy as np

    return bool(np.all(np.diff(slopes) >= -SLACK * np.maximum(1.0, np.abs(slopes[1:]))))


def _curvature(spec: Activation, parameters: Mapping[str, float], x: Array) -> float:
    """The largest absolute second derivative; by differences of the slope for vectors, which have no formula for it."""
    import numpy as np

    if spec.vector:
        _, slope = value_and_slope(spec, parameters)
        return float(np.max(np.abs(slope(x + 1e-5) - slope(x - 1e-5))) / 2e-5)
    second = on_arrays(differentiate(spec.derivative, "x"), parameters)
    near = np.linspace(-8.0, 8.0, 4001)  # the grid is coarse where most functions bend most
    places = np.concatenate([x, near])
    size = np.abs(second(places))
    return inf if _grows(places, size) else float(np.nanmax(size))


def _grows(x: Array, size: Array) -> bool:
    """Whether the peaks of something that oscillates still rise with the distance from 0, as those of x cos(x)."""
    import numpy as np

    reach = np.abs(x).max()
    near, middle, far = (float(np.nanmax(size[(np.abs(x) <= reach / share)])) for share in (100, 10, 1))
    return near > 0 and middle > 5 * near and far > 5 * middle


def _direction(y: Array, dy: Array) -> str | None:
    """Which way the function goes throughout, by its slopes and, for jumps, by its values."""
    import numpy as np

    steps, slack = np.diff(y), SLACK * np.maximum(1.0, np.abs(y[1:]))
    if np.all(dy >= -SLACK) and np.all(steps >= -slack):
        return "increasing"
    return "decreasing" if np.all(dy <= SLACK) and np.all(steps <= slack) else None


def _kinks(
    spec: Activation, parameters: Mapping[str, float], branches: tuple[float, ...]
) -> tuple[tuple[float, ...], float]:
    """Branch points where some derivative jumps, and the number of derivatives that jump nowhere."""
    if not branches:
        return (), inf
    if spec.vector:
        orders = value_and_slope(spec, parameters)
        jumps = [{point for point in branches if _jumps(function, point)} for function in orders]
        jumps.append({point for point in branches if _bends(orders[1], point)})
        smoothness = next((order - 1.0 for order, found in enumerate(jumps) if found), inf)
        return tuple(sorted(set().union(*jumps))), smoothness
    # From the given derivative on: differentiating the formula thrice can make it very long.
    formula, order_of = spec.value, dict.fromkeys(branches, inf)
    for order in range(ORDERS):
        try:
            function = on_arrays(formula, parameters)
            formula = spec.derivative if order == 0 else differentiate(formula, "x")
        except FormulaError:  # it has grown too long
            break
        for point in branches:
            if order_of[point] == inf and _jumps(function, point):
                order_of[point] = order - 1
    kinks = tuple(point for point in branches if order_of[point] != inf)
    return kinks, min(order_of.values())


def _jumps(function: OnArrays, point: float) -> bool:
    import numpy as np

    step = 1e-6 * max(1.0, abs(point))
    left, right = function(np.array([point - step, point + step]))
    return bool(abs(left - right) > JUMP * max(1.0, abs(left), abs(right)))


def _bends(slope: OnArrays, point: float) -> bool:
    """Whether the slope has a corner, where there is no formula for the second derivative."""
    import numpy as np

    left, middle, right = slope(point + np.array([-1e-4, 0.0, 1e-4]))
    return bool(abs((right - middle) - (middle - left)) > 1e-6)


def _dead(slope: OnArrays, branches: tuple[float, ...]) -> tuple[Interval, ...]:
    """Pieces between branch points on which the slope is exactly 0, at every point looked at."""
    import numpy as np

    zones: list[Interval] = []
    edges = (-inf, *branches, inf)
    for low, high in pairwise(edges):
        if not np.any(slope(_inside(low, high))):
            if zones and zones[-1].hi == low:
                low = zones.pop().lo
            zones.append(Interval(low, high, isfinite(low), isfinite(high)))
    return tuple(zones)


def _inside(low: float, high: float) -> Array:
    import numpy as np

    steps = np.asarray(NEAR)
    if isfinite(low) and isfinite(high):
        return low + (high - low) * np.array([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    if isfinite(low):
        return low + steps * max(1.0, abs(low))
    return high - steps * max(1.0, abs(high)) if isfinite(high) else np.concatenate([-steps, steps])


def _steepest(slope: OnArrays, x: Array, dy: Array, branches: tuple[float, ...]) -> tuple[float, float]:
    """The largest absolute slope and the place nearest to 0 that has it, refined between grid points."""
    import numpy as np

    size = np.abs(dy)
    top = float(np.nanmax(size))
    ties = np.flatnonzero(size >= top * (1 - SLACK))
    best = int(ties[np.argmin(np.abs(x[ties]))])
    place, far = float(x[best]), _limit(slope, 1 if x[best] > 0 else -1)
    if abs(place) > 10 and far is not None and isfinite(far) and abs(abs(far) - top) < 1e-6:
        return top, float(np.copysign(inf, place))
    if abs(place) >= x[-1] or _grows(x, size):
        return inf, float(np.copysign(inf, place))
    low, high = x[max(best - 1, 0)], x[min(best + 1, len(x) - 1)]
    for _ in range(6):
        inner = np.linspace(low, high, 41)
        heights = np.abs(slope(inner))
        peak = int(np.argmax(heights))
        if heights[peak] <= top * (1 + SLACK):
            break
        top, place = float(heights[peak]), float(inner[peak])
        low, high = inner[max(peak - 1, 0)], inner[min(peak + 1, 40)]
    snapped = [point for point in branches if abs(point - place) <= 1e-8 * max(1.0, abs(point))]
    return top, snapped[0] if snapped else place


def _extreme(value: OnArrays, x: Array, y: Array, sign: int) -> float:
    """The largest (sign 1) or smallest (-1) value, refined between grid points."""
    import numpy as np

    best = int(np.nanargmax(sign * y))
    low, high = x[max(best - 1, 0)], x[min(best + 1, len(x) - 1)]
    inner = value(np.linspace(low, high, 201))
    return float(sign * max(np.nanmax(sign * inner), sign * y[best]))


def _limit(function: OnArrays, sign: int) -> float | None:
    """The value far out: a number, +-inf, or None where it settles on neither."""
    import numpy as np

    first, second, third = (float(v) for v in function(sign * np.asarray(FAR)))
    if any(np.isnan(v) for v in (first, second, third)):
        return None
    if np.isinf(third):
        return third
    if abs(third) < 1e-6 and abs(third) <= abs(first):
        return 0.0
    if abs(third - second) <= 1e-6 * max(abs(second), 1e-6):
        return third
    same_way = (third - second) * (second - first) >= 0
    return float(np.copysign(inf, third)) if same_way and abs(third) > abs(first) else None


def _mirrors(value: OnArrays, sign: int) -> bool:
    import numpy as np

    x = grid()[grid() > 0]
    x = x[x < 50]
    return bool(np.allclose(value(-x), sign * value(x), rtol=1e-12, atol=1e-15))
