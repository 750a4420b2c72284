"""Numbers from formulas: values on a grid, the points where a formula changes branch, Gaussian averages.

May import: `catalogue`; NumPy inside functions, so that reading a spec costs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from neurologist.catalogue import Activation
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula, names_in, parse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    OnArrays = Callable[[Array], Array]

GRID = 2001  # points; sinh-spaced, so that half of them lie within 1 % of the reach
REACH = 1e4  # largest |x| looked at
GAUSSIAN_REACH = 12.0  # standard deviations; what lies outside weighs 4e-33
BREAK = 1e-3  # change of value or slope within rounding of one point that counts as a jump
UNDERFLOW = 1e-200  # a slope that is smaller just before it is 0 has rounded to 0 there, and is not 0
PANEL = 1.0  # width of a quadrature panel, each with 16 Gauss-Legendre points


def on_arrays(formula: str, parameters: Mapping[str, float], symbol: str = "x") -> OnArrays:
    """The formula as a function of one float64 array; overflow in a branch not taken is silent."""
    import numpy as np

    run = compile_formula(formula, arrays())

    def apply(x: Array) -> Array:
        with np.errstate(all="ignore"):
            result = np.asarray(run({**parameters, symbol: x}), dtype=np.float64)
        return result if result.shape == x.shape else np.broadcast_to(result, x.shape).copy()

    return apply


def value_and_slope(spec: Activation, parameters: Mapping[str, float]) -> tuple[OnArrays, OnArrays]:
    """Value and slope of an activation; of vectors, the first of two entries of which the other stands at `beside`."""
    if not spec.vector:
        return on_arrays(spec.value, parameters), on_arrays(spec.derivative, parameters)
    import numpy as np

    run, back = compile_formula(spec.value, arrays()), compile_formula(str(spec.pullback), arrays())

    def value(x: Array) -> Array:
        with np.errstate(all="ignore"):
            result: Array = run({**parameters, "x": np.stack([x, np.full_like(x, spec.beside)], -1)})[..., 0]
        return result

    def slope(x: Array) -> Array:
        pairs = np.stack([x, np.full_like(x, spec.beside)], -1)
        only_first = np.zeros((len(x), int(2 * spec.widens)))
        only_first[:, 0] = 1
        with np.errstate(all="ignore"):
            result = np.asarray(back({**parameters, "x": pairs, "g": only_first}))
        return np.broadcast_to(result, pairs.shape)[..., 0].copy()

    return value, slope


def vector_extremes(spec: Activation, parameters: Mapping[str, float]) -> tuple[float, float]:
    """Smallest and largest entry of the output over vectors of two entries, each anywhere on a coarse grid."""
    import numpy as np

    points = grid()[:: len(grid()) // 100]
    pairs = np.stack(np.meshgrid(points, points), -1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        values = compile_formula(spec.value, arrays())({**parameters, "x": pairs})
    return float(np.min(values)), float(np.max(values))


@lru_cache(maxsize=1)
def grid() -> Array:
    """Points from -REACH to REACH, dense near 0, with 0 itself."""
    import numpy as np

    half = np.sinh(np.linspace(0, np.arcsinh(REACH * 1e2), GRID // 2 + 1)) / 1e2
    return np.concatenate([-half[:0:-1], half])


def branch_points(spec: Activation, parameters: Mapping[str, float]) -> tuple[float, ...]:
    """Where the formula changes branch: zeros of what its `where`, `max`, `min`, `abs` and `sign` test.

    Of functions of vectors, where value or slope jumps.
    """
    import numpy as np

    found: set[float] = set()
    if spec.vector:
        for function in value_and_slope(spec, parameters):
            found.update(_breaks(function))
        found.update(point for point in _zeros(function, grid()) if _ends_zone(function, point))
    for test in () if spec.vector else _tests(spec.formula):
        found.update(_zeros(on_arrays(test, parameters), grid()))
    merged: list[float] = []
    for point in sorted(found):
        if not merged or point - merged[-1] > 1e-9 * max(1.0, abs(point)):
            merged.append(0.0 if abs(point) < 1e-12 else float(np.round(point, 12)))
    return tuple(merged)


def gaussian_mean(values: Callable[[Array], Array], points: tuple[float, ...]) -> float:
    """The mean of a function of a standard normal variable, by quadrature split at `points`."""
    import numpy as np

    z, weights = _quadrature(points)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond float64 it is infinite
        return float(weights @ values(z))


def gaussian_mean_of_two(values: Callable[[Array, Array], Array], points: tuple[float, ...]) -> float:
    """The mean of a function of two independent standard normal variables, each split at `points`."""
    import numpy as np

    z, weights = _quadrature(points)
    a, b = (side.ravel() for side in np.meshgrid(z, z, indexing="ij"))
    with np.errstate(over="ignore", invalid="ignore"):
        return float(weights @ values(a, b).reshape(len(z), len(z)) @ weights)


@lru_cache(maxsize=256)
def _quadrature(points: tuple[float, ...]) -> tuple[Array, Array]:
    import numpy as np

    inner = [point for point in points if abs(point) < GAUSSIAN_REACH]
    edges = np.unique(np.concatenate([np.arange(-GAUSSIAN_REACH, GAUSSIAN_REACH + PANEL / 2, PANEL), inner]))
    nodes, weights = np.polynomial.legendre.leggauss(16)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    z = (middle[:, None] + half[:, None] * nodes).ravel()
    return z, (half[:, None] * weights).ravel() * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def _tests(formula: str) -> list[str]:
    """The expressions whose sign decides a branch."""
    tests: list[ast.expr] = []
    for node in ast.walk(parse(formula)):
        match node:
            case ast.Compare(left=left, comparators=[right]):
                tests.append(ast.BinOp(left, ast.Sub(), right))
            case ast.Call(func=ast.Name(id="max" | "min"), args=[left, right]):
                tests.append(ast.BinOp(left, ast.Sub(), right))
            case ast.Call(func=ast.Name(id="abs" | "sign"), args=[inner]):
                tests.append(inner)
    return [ast.unparse(test) for test in tests if "x" in names_in(test)]


def _breaks(function: OnArrays) -> list[float]:
    """Where a function jumps: intervals that bisection makes short while the change across them stays."""
    import numpy as np

    low, high = grid()[:-1], grid()[1:]
    for _ in range(60):
        change = np.abs(function(high) - function(low))
        steep = change > BREAK * np.maximum(1.0, np.abs(function(low)))
        low, high = low[steep], high[steep]
        if not len(low) or np.all(high - low <= 1e-13 * np.maximum(1.0, np.abs(low))):
            break
        middle = (low + high) / 2
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    return [0.0 if abs(point) < 1e-10 else float(np.round(point, 9)) for point in high]


def _ends_zone(slope: OnArrays, point: float) -> bool:
    """Whether a zero of the slope may end a dead zone, and is not where exponentials round to 0."""
    import numpy as np

    beside = slope(point + 1e-3 * max(1.0, abs(point)) * np.array([-1.0, 1.0]))
    return bool(np.max(np.abs(beside)) > UNDERFLOW)


def _zeros(test: OnArrays, x: Array) -> list[float]:
    """Where a function changes sign or leaves 0, by bisection between grid points."""
    import numpy as np

    sign = np.sign(test(x))
    found = []
    for left in np.flatnonzero((sign[:-1] != sign[1:]) & np.isfinite(sign[:-1]) & np.isfinite(sign[1:])):
        low, high, start = x[left], x[left + 1], sign[left]
        if sign[left + 1] == 0 and start != 0 and left + 2 < len(x) and sign[left + 2] == -start:
            found.append(float(high))
            continue
        for _ in range(60):
            middle = (low + high) / 2
            same = np.sign(test(np.array([middle])))[0] == start
            low, high = (middle, high) if same else (low, middle)
        found.append(float(high))
    return found
