"""The inputs at which accuracy is measured; for `accuracy.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from neurologist.catalogue import Activation
from neurologist.theory.numeric import branch_points, value_and_slope

Array = np.ndarray[Any, np.dtype[np.float64]]
BESIDE = 64  # floats on either side of a root or branch point
EDGES = (-30.0, 30.0)  # where activations do what they do: looked at evenly too


def points(spec: Activation, dtype: torch.dtype, count: int) -> torch.Tensor:
    """All finite values of a half-precision dtype; of others `count` spread over sign and size, and the delicate ones.

    Half of the `count` are evenly spaced in the logarithm over both signs from the smallest subnormal to the largest
    number, half evenly within `EDGES`; to these come the dtype's edges and the floats beside roots of value and slope
    and beside branch points.
    """
    info = torch.finfo(dtype)
    if info.bits == 16:
        every = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
        return every[every.isfinite()]
    kind = np.float32 if info.bits == 32 else np.float64
    smallest = info.tiny * info.eps
    sizes = np.exp2(np.linspace(np.log2(smallest), np.log2(info.max), count // 4, endpoint=False))
    edges = np.array([0.0, smallest, info.tiny, info.max, info.eps, 1.0])
    beside = [_beside(at, kind) for at in (*roots(spec), *branch_points(spec, dict(spec.parameters)))]
    found = np.concatenate([sizes, -sizes, np.linspace(*EDGES, count // 2), edges, -edges, *beside]).astype(kind)
    return torch.from_numpy(np.unique(found[np.isfinite(found)]))


def roots(spec: Activation) -> list[float]:
    """Where value or slope change sign within `EDGES`, to float64's precision."""
    found = []
    grid = np.linspace(*EDGES, 20_001)
    for function in value_and_slope(spec, dict(spec.parameters)):
        height = function(grid)
        for at in np.flatnonzero(np.sign(height[:-1]) * np.sign(height[1:]) < 0):
            low, high, below = grid[at], grid[at + 1], np.sign(height[at])
            for _ in range(60):
                middle = (low + high) / 2
                same = np.sign(function(np.array([middle]))[0]) == below
                low, high = (middle, high) if same else (low, middle)
            found.append(float(low))
    return found


def _beside(at: float, kind: type) -> Array:
    around = [kind(at)]
    low = high = kind(at)
    for _ in range(BESIDE):
        low, high = np.nextafter(low, kind(-np.inf)), np.nextafter(high, kind(np.inf))
        around += [low, high]
    return np.array(around, dtype=np.float64)
