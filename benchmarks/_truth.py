"""Exact values to hold computed ones against; for `accuracy.py`.

Of numbers: balls with a proved error of less than 2^-100 of the value, around the textbook formula or its derivative by
the rules of calculus. Of vectors: mpmath at 50 digits, and differences of 250 digits for slopes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, nan
from typing import Any

import numpy as np
from _ulp import Truth

from neurologist.catalogue import Activation
from neurologist.catalogue.balls import Oracle
from neurologist.catalogue.oracle import exact

Array = np.ndarray[Any, np.dtype[np.float64]]
FAR = (2000, 3000)  # exponents of two inputs of which values tell a limit: the same, or both large, as logarithms are
LARGE = 1000.0
ASIDE = -1200  # exponent of the step to either side of a kink
STEP = 30  # decimal digits after the point of the step of a difference
DIGITS = 250  # of which a difference takes


def of_numbers(formula: str, parameters: Mapping[str, float], x: Array, kinks: Sequence[float] = ()) -> Truth:
    """A formula's exact values.

    Args:
        formula: in `x` and the parameters.
        parameters: what stays fixed.
        x: inputs.
        kinks: inputs at which what lies between the limits from either side is as right as the formula's value.
    """
    oracle = Oracle(formula, parameters)
    high, low = np.empty_like(x), np.zeros_like(x)
    for i, at in enumerate(x.tolist()):
        ball = oracle(at)
        if ball is None:
            high[i] = nan
            continue
        middle = ball.mid()
        high[i] = float(middle)
        if np.isfinite(high[i]):
            low[i] = float(middle - high[i])
    least, most = high.copy(), high.copy()
    for kink in kinks:
        for i in np.flatnonzero(x == kink):
            sides = [high[i], *_sides(oracle, kink)]
            least[i], most[i] = min(sides), max(sides)
    return Truth(high, low, least, most)


def _sides(oracle: Oracle, at: float) -> list[float]:
    from flint import arb, ctx

    with ctx.workprec(2 - ASIDE + 1100):
        beside = [arb(at) + sign * arb(2) ** ASIDE for sign in (-1, 1)]
    found = [oracle(point) for point in beside]
    return [float(ball.mid()) for ball in found if ball is not None]


def limit(formula: str, parameters: Mapping[str, float], sign: int) -> float | None:
    """What a formula tends to at infinity; None where it tends to nothing, as a sine. Evidence, no proof."""
    from flint import arb

    oracle = Oracle(formula, parameters)
    near, far = (oracle(sign * arb(2) ** exponent) for exponent in FAR)
    if near is None or far is None:
        return None
    first, last = float(near.mid()), float(far.mid())
    if min(abs(first), abs(last)) > LARGE and (first > 0) == (last > 0):
        return inf if last > 0 else -inf
    return last if abs(first - last) <= 1e-15 * abs(last) else None


def of_vector(spec: Activation, row: Sequence[float]) -> tuple[Array, Array]:
    """The output at one vector, and its slopes: row by row the gradient of an output; NaN at a kink."""
    import mpmath as mp

    with mp.workdps(DIGITS + 50):
        step = mp.mpf(10) ** -STEP
        here = _outputs(spec, [mp.mpf(v) for v in row])
        columns = []
        for i in range(len(row)):
            ahead, behind = (
                _outputs(spec, [mp.mpf(v) + (s if j == i else 0) for j, v in enumerate(row)]) for s in (step, -step)
            )
            columns.append([_slope(b, h, a, step) for b, h, a in zip(behind, here, ahead, strict=True)])
        return np.array([float(v) for v in here]), np.array(columns).T


def _outputs(spec: Activation, row: list[Any]) -> list[Any]:
    found = exact(spec.formula, {**spec.parameters, "x": np.array(row, dtype=object)}, digits=DIGITS)
    return list(np.ravel(found))


def _slope(behind: Any, here: Any, ahead: Any, step: Any) -> float:
    left, right, both = (here - behind) / step, (ahead - here) / step, (ahead - behind) / (2 * step)
    smooth = abs(left - right) <= 1e-6 * max(abs(left), abs(right))
    return float(both) if smooth else nan
