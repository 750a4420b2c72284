"""Why an error is large, as far as that can be derived; for `accuracy.py`."""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from _points import roots
from _ulp import Array, Truth, spacing

from neurologist.catalogue.balls import Oracle

if TYPE_CHECKING:
    from _sweep import Curve

BESIDE = 1 / 16  # of a root
AROUND = 1.0  # how far from a root its function's size is taken
STEP = 2.0**-20  # relative change of the input that tells how steep a function is
STEEP = 4.0  # from which amplification on that explains an error


def reason(
    curve: Curve, kind: str, truth: Truth, x: Array, found: dict[str, Any], dtype: torch.dtype
) -> dict[str, float]:
    """What stands at the worst input.

    Returns:
        {"subnormal": exact value}, or {"root": where the function is 0, "units": the error in ULP of the largest value
        within `AROUND` of it}, or {"steep": relative change of the result by that of the input}, or nothing.
    """
    at, ulp = found["at"], float(found["ulp"])
    exact = float(truth.high[np.flatnonzero(x == at)[0]])
    if not isfinite(exact) or not isfinite(ulp):
        return {}
    if abs(exact) < torch.finfo(dtype).tiny:
        return {"subnormal": exact}
    assert curve.spec is not None
    root = min(roots(curve.spec, kind), key=lambda r: abs(r - at), default=nan)
    if abs(root - at) < BESIDE:
        nearby = np.abs(truth.high[(np.abs(x - root) <= AROUND) & np.isfinite(truth.high)])
        units = ulp * _spacing(exact, dtype) / _spacing(float(nearby.max()), dtype)
        return {"root": float(f"{root:.6g}"), "units": float(f"{units:.3g}")}
    moved = Oracle(curve.formulas[kind], curve.parameters)(at * (1 + STEP))
    steep = abs(float(moved.mid()) / exact - 1) / STEP if moved is not None and exact else 0.0
    return {"steep": float(f"{steep:.3g}")} if steep > STEEP and ulp < STEEP * steep else {}


def _spacing(value: float, dtype: torch.dtype) -> float:
    return float(spacing(np.array(value), dtype))
