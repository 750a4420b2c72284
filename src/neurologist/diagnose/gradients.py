"""The gradient's way back, op by op: who loses it, who adds to it.

Factors here are of the gradient's norm, not of its RMS: a layer from 10 to 1,000 units spreads the same gradient over
more entries, which is neither a loss nor a gain. By this measure a linear layer with PyTorch's default weights has
factor 1/sqrt(3), -0.24 decades, whatever its shape, and a ReLU 1/sqrt(2), -0.15.

Shared by the rules on vanishing and exploding gradients; no threshold lives here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import log10, prod
from statistics import median

from neurologist.diagnose.reading import composite, data_inputs, is_last_layer, main_path
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
            found.append(Leg(op, median(log10(f) for f in factors) + spread(op)))
    return found


def spread(op: Op) -> float:
    """Decades from the op's RMS factor to its norm factor: half the decades between the two sizes."""
    below = data_inputs(op)
    if not below or not below[0].shape or not op.shape:
        return 0.0
    return 0.5 * log10(max(1, prod(below[0].shape)) / max(1, prod(op.shape)))


def total(way: list[Leg]) -> float:
    """Decades won (above 0) or lost (below) from the predictions to the first layer."""
    return sum(leg.decades for leg in way)


def reach(run: Run, early: int = 5) -> float | None:
    """Decades between the gradient that last layers get and what first layers get; below 0 it shrinks on the way.

    First layers have no other before them, last layers none behind; of several, the one that gets most counts, so that
    a branch which passes little on purpose (an attention's queries, a residual branch that starts at zero) does not
    stand for the whole. A weight's gradient is counted over all ops that read it, so that a recurrent layer is not
    judged by its first time step. Medians over the first `early` samples; None without two layers or any gradient.
    """
    behind: set[int] = set()  # ops with a layer before them
    parametric = [op for op in run.of_kind("linear", "conv", "embedding", "recurrent") if op.parameters]
    marks = {op.id for op in parametric}
    for op in run.ops:  # forward order: inputs come first
        if any(below.id in marks or below.id in behind for below in data_inputs(op)):
            behind.add(op.id)
    first = {p.id for op in parametric if op.id not in behind for p in op.parameters if len(p.shape) > 1}
    last = {p.id for op in parametric if is_last_layer(op) for p in op.parameters if len(p.shape) > 1}
    squares = _by_weight(run, parametric, early)
    low = max((squares[i] for i in first - last if i in squares), default=0.0)
    high = max((squares[i] for i in last - first if i in squares), default=0.0)
    return 0.5 * log10(low / high) if low and high and max(low, high) < float("inf") else None


def _by_weight(run: Run, parametric: list[Op], early: int) -> dict[int, float]:
    """Squared norm of the gradient that arrives at the ops which read a weight, by the weight's id."""
    squares: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for op in parametric:
        rows = [row for row in run.rows("gradient", op)[:early] if row["rms_in"] is not None]  # NaN says nothing
        for parameter in (p for p in op.parameters if len(p.shape) > 1):
            for row in rows:
                squares[parameter.id][row["step"]] += row["rms_in"] ** 2 * max(1, prod(op.shape))
    return {i: median(by_step.values()) for i, by_step in squares.items() if by_step}


def share_of(way: list[Leg], *kinds: str) -> float:
    """Decades that ops of the given kinds account for."""
    return sum(leg.decades for leg in way if leg.op.kind in kinds)
