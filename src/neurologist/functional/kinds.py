"""Telling tensors, arrays and floats apart without importing what the caller has not imported.

May import: the standard library, `catalogue.backends`; NumPy and torch only if they are loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal

from neurologist.catalogue.backends import FLOATS, arrays
from neurologist.catalogue.expression import compile_formula

HUGE = sys.float_info.max
Kind = Literal["tensor", "array", "float"]


def kind_of(value: object, subject: str) -> Kind:
    """Which of the three a value is; anything else is a `TypeError` that names `subject`."""
    if isinstance(value, (float, int)) and not isinstance(value, bool):
        numpy = sys.modules.get("numpy")
        return "array" if numpy is not None and isinstance(value, numpy.generic) else "float"
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.is_complex():
            raise TypeError(f"{subject} got a complex tensor ({value.dtype}): expected real numbers; use its real part")
        return "tensor"
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        if value.dtype.kind not in "fiu":
            raise TypeError(f"{subject} got an array of {value.dtype}: expected real numbers; use x.astype(float)")
        return "array"
    got = type(value).__name__
    raise TypeError(f"{subject} got a {got}: expected a torch tensor, a NumPy array or a float; use numpy.asarray(x)")


def compute_array(formula: str, values: Mapping[str, Any], like: Any, dim: int = -1, wide: bool = False) -> Any:
    """The formula over NumPy arrays, with `like`'s dtype (float64 for integers) and shape.

    float16 is computed in float32 and rounded once; both in float64 where it is to be `wide`.
    """
    import numpy as np

    like = np.asarray(like)
    dtype = like.dtype if like.dtype.kind == "f" else np.dtype(np.float64)
    working = np.dtype(np.float32) if dtype == np.float16 else dtype
    working = np.dtype(np.float64) if wide and dtype.itemsize < 8 else working
    ready = {
        name: value.astype(working) if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f" else value
        for name, value in values.items()
    }
    with np.errstate(all="ignore"):  # the branch of `where` that is not taken may overflow
        result = compile_formula(formula, arrays(dim))(ready)
    result = np.asarray(result, dtype=dtype)
    full = np.broadcast_to(result, like.shape).copy() if result.shape == () and like.shape else result
    return full if full.shape else dtype.type(full)


def compute_float(formula: str, values: Mapping[str, Any]) -> float:
    """The formula over Python floats; overflow gives infinity, as it does for arrays."""
    try:
        return float(compile_formula(formula, FLOATS)(values))
    except (OverflowError, ZeroDivisionError, ValueError):
        import numpy as np

        huge = [name for name, value in values.items() if not -HUGE <= value <= HUGE and isinstance(value, int)]
        if huge:
            raise ValueError(f"{huge[0]} got a whole number beyond 1.8e308: expected less; floats end there") from None
        return float(compute_array(formula, {name: np.float64(v) for name, v in values.items()}, np.float64(0)))
