"""Small numbers that several choices need: a function at a point, its inverse, what a dtype resolves.

May import: `catalogue`, `theory.numeric`, `theory.propagation`; NumPy inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erf, sqrt

from neurologist.catalogue import Activation, Interval
from neurologist.theory.numeric import on_arrays
from neurologist.theory.propagation import EPSILON

RESOLUTION: Mapping[str, float] = {**EPSILON, "float64": 2.0**-53}  # half an ULP of 1
LARGEST: Mapping[str, float] = {  # finite number
    "float16": 65504.0,
    "bfloat16": (2 - 2.0**-7) * 2.0**127,
    "float32": (2 - 2.0**-23) * 2.0**127,
    "float64": (2 - 2.0**-52) * 2.0**1023,
}
FARTHEST = 1024.0  # inputs looked at
STEPS = 1 << 17  # between them: 1/128 apart


def at(formula: str, x: float, parameters: Mapping[str, float] | None = None) -> float:
    """A formula in x at one point; infinity where it overflows."""
    import numpy as np

    return float(on_arrays(formula, parameters or {})(np.array([x]))[0])


def inverse(formula: str, value: float, parameters: Mapping[str, float] | None = None) -> float:
    """Where an increasing formula takes a value, by bisection; +-FARTHEST where it does not within."""
    low, high = -FARTHEST, FARTHEST
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if at(formula, middle, parameters) < value else (low, middle)
    return (low + high) / 2


def reach(spec: Activation, dtype: str) -> float:
    """The largest |x| with a slope above the dtype's resolution, on the side where that ends first."""
    import numpy as np

    x = np.linspace(0.0, FARTHEST, STEPS + 1)
    slope = on_arrays(spec.derivative, spec.parameters)
    ends = [np.flatnonzero(np.abs(slope(side)) >= RESOLUTION[dtype]) for side in (x, -x)]
    return min(float(x[end[-1]]) if end.size else 0.0 for end in ends)


def share_in(zones: tuple[Interval, ...]) -> float:
    """The probability that a standard normal variable lies in one of the intervals, which do not overlap.

    >>> share_in((Interval(hi=0.0),))
    0.5
    """
    return sum((erf(zone.hi / sqrt(2)) - erf(zone.lo / sqrt(2))) / 2 for zone in zones)


def common(spec: Activation) -> bool:
    """Whether torch has it, so that people meet it, and its speed and bugs are known."""
    return spec.torch_function is not None
