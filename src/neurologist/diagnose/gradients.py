"""The gradient's way back, op by op: who loses it, who adds to it.

Shared by the rules on vanishing and exploding gradients; no threshold lives here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from statistics import median

from neurologist.diagnose.reading import composite, main_path
from neurologist.record import Op, Run

CARRIERS = ("linear", "conv", "activation", "softmax", "normalisation", "arithmetic", "matmul", "attention", "unknown")


@dataclass(frozen=True)
class Leg:
    """One op of the way and its decades: log10 of the factor by which it multiplies the gradient."""

    op: Op
    decades: float


def legs(run: Run, early: int = 5) -> list[Leg]:
    """The way from the predictions to the first layer; decades are medians over the first `early` samples.

    The loss itself, reductions and pooling are left out: they spread the gradient over more or fewer entries, which
    says nothing about the network's health.
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
            found.append(Leg(op, median(log10(f) for f in factors)))
    return found


def total(way: list[Leg]) -> float:
    """Decades won (above 0) or lost (below) from the predictions to the first layer."""
    return sum(leg.decades for leg in way)


def share_of(way: list[Leg], *kinds: str) -> float:
    """Decades that ops of the given kinds account for."""
    return sum(leg.decades for leg in way if leg.op.kind in kinds)
