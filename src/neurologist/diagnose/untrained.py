"""Weights that nobody has trained: they are still as PyTorch's layers draw them. Shared facts; no rule's verdict.

`nn.Linear`, convolutions and recurrent layers draw their weights evenly between -b and b with b = 1 / sqrt(fan_in)
(PyTorch, `torch.nn.init.kaiming_uniform_` with a = sqrt(5)). No trained weight keeps both that edge and that RMS.
"""

from __future__ import annotations

from math import prod, sqrt

from neurologist.diagnose.reading import Row, known
from neurologist.record import Parameter, Run

LEAST = 64  # entries below which the edge of an even distribution is too blurred to be recognised
SEEN = 8_192  # entries of a parameter that a sample looks at, at least
EDGE = 10.0  # the largest of n even draws lies within 10/n of the edge, but for one draw in e^10
SPREAD = 1.4  # three standard deviations of the RMS of n even draws, times sqrt(n)
ROUNDING = 4e-3  # of a half-precision number, relative


def as_made(shape: tuple[int, ...], rms: float | None, high: float | None) -> bool:
    """True for a weight of this shape whose RMS and largest absolute value are those of PyTorch's default draw."""
    count = min(prod(shape), SEEN)
    if len(shape) < 2 or count < LEAST or rms is None or high is None:
        return False
    edge = 1 / sqrt(prod(shape[1:]))
    at_edge = (1 - EDGE / count) * edge * (1 - ROUNDING) <= high <= edge * (1 + ROUNDING)
    return at_edge and abs(rms * sqrt(3) / edge - 1) <= SPREAD / sqrt(count) + ROUNDING


def stays_as_made(run: Run, parameter: Parameter) -> bool:
    """True for a weight that no step changed and that is as PyTorch's layers draw it."""
    rows = run.rows("weights", parameter)
    if not rows or not unchanged(rows):
        return False
    return as_made(parameter.shape, rows[0]["rms"], max(abs(rows[0]["low"]), abs(rows[0]["high"])))


def unchanged(rows: list[Row]) -> bool:
    """True when no examined step changed a parameter, nor anything between them."""
    same = all(len(set(known(rows, column))) <= 1 for column in ("rms", "mean", "low", "high"))
    return same and not any(known(rows, "change"))
