"""The ways in which a loss makes one number of many.

May import: `catalogue`.
"""

from __future__ import annotations

from neurologist.catalogue import Loss

MEANINGS = {
    "mean": "over entries or vectors; over the weights' sum for weighted classes",
    "sum": "of all",
    "none": "one value per entry or vector",
    "batchmean": "the sum over the first dim's size",
}


def reductions(spec: Loss) -> tuple[str, ...]:
    """The values of `reduction` that a loss takes, the default first."""
    return ("mean", "sum", "none", *(("batchmean",) if spec.target_kind == "distribution" else ()))
