"""How far values are from the truth, in units in the last place (ULP); for `accuracy.py`.

One ULP is the spacing of the dtype's numbers in the binade of the exact value; below the smallest normal number it is
the spacing of the subnormal ones. A value beyond the largest number is right as infinity or as that largest number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, np.dtype[np.float64]]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "float64": torch.float64}


@dataclass(frozen=True)
class Worst:
    """The worst of many values.

    Attributes:
        ulp: largest error, in ULP; inf where a value is not finite and should be.
        at: input where it occurs.
        broken: inputs whose result is NaN or infinite, or 0, where the exact one is a number of the dtype.
    """

    ulp: float
    at: float
    broken: int


def spacing(exact: Array, dtype: torch.dtype) -> Array:
    """The size of one ULP at exact values."""
    info = torch.finfo(dtype)
    digits = -int(np.log2(info.eps))
    lowest = int(np.log2(info.tiny))
    _, exponent = np.frexp(exact)  # exact for subnormal float64 too
    return np.ldexp(1.0, np.maximum(exponent - 1, lowest) - digits)


def errors(got: Array, exact: Array, dtype: torch.dtype) -> tuple[Array, Array]:
    """Error of each value in ULP, and whether it is broken."""
    info = torch.finfo(dtype)
    with np.errstate(all="ignore"):
        ulp = np.abs(got - exact) / spacing(exact, dtype)
    beyond = np.abs(exact) > info.max
    ulp[beyond] = np.where(np.abs(got[beyond]) >= info.max, 0.0, inf)
    representable = ~beyond & np.isfinite(exact)
    smallest = info.tiny * info.eps
    broken = representable & (~np.isfinite(got) | ((got == 0) & (np.abs(exact) >= smallest)))
    ulp[representable & ~np.isfinite(got)] = inf
    ulp[~np.isfinite(exact) & ~beyond] = 0.0  # no truth to hold it against
    return ulp, broken


def worst(got: Array, exact: Array, x: Array, dtype: torch.dtype) -> Worst:
    """The worst of a sweep."""
    ulp, broken = errors(got, exact, dtype)
    at = int(np.argmax(ulp))
    return Worst(float(ulp[at]), float(x[at]), int(broken.sum()))


def both(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> tuple[Array, Array]:
    """Value and slope as autograd gives it, as float64 arrays."""
    at = x.detach().requires_grad_()
    y = function(at)
    (slope,) = torch.autograd.grad(y, at, torch.ones_like(y))
    return y.detach().double().numpy(), slope.double().numpy()
