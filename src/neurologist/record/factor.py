"""By what number a program multiplies its loss before it calls `.backward()`.

Accumulating over k passes, programs and frameworks divide the loss by k. What is read as the loss is then a k-th of it,
and would be compared with what guessing costs, or with a floor.
May import: `record.run` for its types.
"""

from __future__ import annotations

from math import isclose, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurologist.record.run import Run

SCALING = ("Mul", "Div")
MEAN = 1  # how autograd keeps reduction="mean"
SAME = 1e-3  # relative; what is divided by the number of a batch's tokens changes from pass to pass, and is a mean


def factor(run: Run) -> float:
    """The constant between the mean that a loss is and what backward was called on; 1 where there is no such thing.

    It is the gradient that arrives at the loss, by the chain of products and quotients behind it.
    """
    roots = [op for op in run.ops if op.root]
    if len(roots) != 1:
        return 1.0
    op = roots[0]
    while op.name in SCALING and len(op.inputs) == 1:
        op = next(iter(op.inputs.values()))
    if op is roots[0] or op.shape or op.kind != "loss" or op.options.get("reduction", MEAN) != MEAN or op.name == "Sum":
        return 1.0
    seen = [row["rms_in"] for row in run.rows("gradient", op) if row["rms_in"]]
    if not seen or not all(isfinite(n) and isclose(n, seen[0], rel_tol=SAME) for n in seen):
        return 1.0
    return float(seen[0])
