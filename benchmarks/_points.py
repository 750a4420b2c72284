"""The inputs at which accuracy is measured; for `accuracy.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from neurologist.catalogue import Activation
from neurologist.theory.numeric import branch_points, value_and_slope

Array = np.ndarray[Any, np.dtype[np.float64]]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "float64": torch.float64}
BESIDE = 64  # floats on either side of a root or branch point
MIDDLE = (-30.0, 30.0)  # where activations do what they do: looked at evenly too
SHARE = 10  # one even input in `MIDDLE` per so many others
ROWS, LENGTH = 32, 6  # vectors, and entries of each; even, for those that split vectors in halves
SCALES = (1e-3, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 1e4)


def points(spec: Activation | None, dtype: torch.dtype, count: int) -> torch.Tensor:
    """All finite values of a half-precision dtype; of others `count` spread over sign and size, and the delicate ones.

    The `count` are evenly spaced in the logarithm, over both signs, from the smallest subnormal to the largest number.
    To these come a tenth as many evenly spaced within `MIDDLE`, zero of either sign, the dtype's edges, and the floats
    beside roots of value and slope and beside branch points.
    """
    info = torch.finfo(dtype)
    if info.bits == 16:
        every = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
        return every[every.isfinite()]
    kind = np.float32 if info.bits == 32 else np.float64
    smallest = info.tiny * info.eps
    sizes = np.exp2(np.linspace(np.log2(smallest), np.log2(info.max), count // 2, endpoint=False))
    edges = np.array([0.0, smallest, info.tiny, info.max, info.eps, 1.0])
    delicate = [] if spec is None else [*roots(spec, "value"), *roots(spec, "slope"), *kinks(spec)]
    beside = [_beside(at, kind) for at in delicate]
    even = np.linspace(*MIDDLE, count // SHARE)
    found = np.unique(np.concatenate([sizes, -sizes, even, edges, -edges, *beside]).astype(kind))
    return torch.from_numpy(np.append(found[np.isfinite(found)], kind(-0.0)))


def vectors(dtype: torch.dtype) -> torch.Tensor:
    """Vectors of several scales, one of equal entries, and some of which one entry outweighs all."""
    draw = np.random.default_rng(0)
    scales = np.resize(SCALES, ROWS)[:, None]
    rows = draw.standard_normal((ROWS, LENGTH)) * scales
    rows[-8:-1, 0] = [4, 8, 16, 32, 64, 100, 300]
    rows[-8:-1, 1:] /= scales[-8:-1]
    rows[-1] = 0.5
    return torch.from_numpy(rows).to(dtype)


def kinks(spec: Activation) -> tuple[float, ...]:
    """Where the formula changes branch."""
    return branch_points(spec, dict(spec.parameters))


def roots(spec: Activation, of: str) -> list[float]:
    """Where "value" or "slope" changes sign within `MIDDLE`, to float64's precision."""
    functions = dict(zip(("value", "slope"), value_and_slope(spec, dict(spec.parameters)), strict=True))
    function, grid = functions[of], np.linspace(*MIDDLE, 20_001)
    height = function(grid)
    crossings = np.flatnonzero(np.sign(height[:-1]) * np.sign(height[1:]) < 0)
    touched = grid[(height == 0) & (np.roll(height, 1) * np.roll(height, -1) < 0)].tolist()
    return [*touched, *(_bisected(function, grid[at], grid[at + 1]) for at in crossings)]


def _bisected(function: Callable[[Array], Array], low: float, high: float) -> float:
    below = np.sign(function(np.array([low]))[0])
    for _ in range(60):
        middle = (low + high) / 2
        same = np.sign(function(np.array([middle]))[0]) == below
        low, high = (middle, high) if same else (low, middle)
    return float(low)


def _beside(at: float, kind: type) -> Array:
    around = [kind(at)]
    low = high = kind(at)
    for _ in range(BESIDE):
        low, high = np.nextafter(low, kind(-np.inf)), np.nextafter(high, kind(np.inf))
        around += [low, high]
    return np.array(around, dtype=np.float64)
