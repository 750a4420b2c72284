"""A diagnosis as strict JSON, for scripts and other programs.

The keys are those of `Diagnosis.to_dict()`, after `format`, `version` and `healthy`. JSON has no NaN and no infinity:
they are written as the strings "NaN", "Infinity" and "-Infinity", which `float()` in Python and `Number()` in
JavaScript read back; null means that a value was never seen. The text is ASCII, so that it survives every pipe.
May import: the standard library. To add a key, add a field to the dataclasses in `diagnose`.
"""

from __future__ import annotations

import json
import math
from typing import Any

from neurologist.diagnose.diagnosis import Diagnosis

FORMAT = "neurologist-diagnosis"
VERSION = 1  # raised when a key changes its meaning or goes; new keys leave it as it is


def text(diagnosis: Diagnosis) -> str:
    """The diagnosis as one indented JSON object."""
    head = {"format": FORMAT, "version": VERSION, "healthy": diagnosis.healthy}
    return dumps({**head, **diagnosis.to_dict()})


def dumps(data: Any) -> str:
    """Any plain data as strict, indented JSON that ends in a newline."""
    return json.dumps(_strict(data), indent=2, allow_nan=False) + "\n"


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_strict(item) for item in value]
    if isinstance(value, float):
        return _number(float(value))
    if value is None or isinstance(value, (str, int)):
        return value
    return str(value)


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
