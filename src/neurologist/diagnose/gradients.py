"""The gradient's way back, op by op: who loses it, who adds to it.

Factors here are of the gradient's norm, not of its RMS: a layer from 10 to 1,000 units spreads the same gradient over
more entries, which is neither a loss nor a gain. By this measure a linear layer with PyTorch's default weights has
factor 1/sqrt(3), -0.24 decades, whatever its shape, and a ReLU 1/sqrt(2), -0.15.

Shared by the rules on vanishing and exploding gradients; no threshold lives here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10, prod
from statistics import median

from neurologist.diagnose.reading import composite, data_inputs, main_path
from neurologist.record import Op, Run

CARRIERS = ("linear", "conv", "activation", "softmax", "normalisation", "arithmetic", "matmul", "attention", "unknown")


@dataclass(frozen=True)
class Leg:
    """One op of the way and its decades: log10 of the factor by which it multiplies the gradient's norm."""

    op: Op
    decades: float


def legs(run: Run, early: int = 5) -> list[Leg]:
    """The way from the predictions to the first layer; decades are medians over the first `early` samples.

    The loss itself and reductions are left out: their factor is the size of the batch.
    """
    path = main_path(run)
    inside = {part.id for op in path if op.kind == "loss" for part in composite(op)}
    start = next((i for i, op in enumerate(path) if op.parameters), len(path))
    found = []
    for i, op in enumerate(path):
        if op.kind not in CARRIERS or op.id in inside or (op.kind == "arithmetic" and i < start):
            continue
        factors = [row["factor"] for row in run.rows("gradient", op)[:early] if row["factor"]]
        if factors:
            found.append(Leg(op, median(log10(f) for f in factors) + _spread(op)))
    return found


def _spread(op: Op) -> float:
    """Decades between the op's RMS factor and its norm factor: half the decades between the two sizes."""
    below = data_inputs(op)
    if not below or not below[0].shape or not op.shape:
        return 0.0
    return 0.5 * log10(max(1, prod(below[0].shape)) / max(1, prod(op.shape)))


def total(way: list[Leg]) -> float:
    """Decades won (above 0) or lost (below) from the predictions to the first layer."""
    return sum(leg.decades for leg in way)


def share_of(way: list[Leg], *kinds: str) -> float:
    """Decades that ops of the given kinds account for."""
    return sum(leg.decades for leg in way if leg.op.kind in kinds)
