"""Kinds of ops that the node's name alone cannot tell: a layer, a dropout, a loss written out by hand.

May import: `tape.ops`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurologist.tape import ops

if TYPE_CHECKING:
    from neurologist.tape.graph import TapeOp


def refine(op: TapeOp) -> None:
    """Give an op the kind that it has by what stands around it; what is below it is refined already."""
    if op.kind == "linear" and not op.parameters:
        op.kind = "matmul"
    elif op.kind == "matmul" and op.parameters:
        op.kind = "linear"
    elif op.name == "Mul" and op.place.function and "dropout" in op.place.function:
        op.kind = "dropout"
    elif op.place.function and (loss := ops.loss_of(op.place.function)) is not None:
        last = not any(c.place == op.place for c, _ in op.consumers)
        if op.kind == "loss" or last:  # the last op of a composite loss stands for it
            op.kind, op.member = "loss", loss
    elif op.kind == "reduction" and (by_hand := _difference(op)) is not None:
        op.kind, op.member = "loss", by_hand


BY_HAND = {"Abs": "l1", "Square": "mse", "Mul": "mse"}  # what the mean or sum of these of a difference is


def _difference(op: TapeOp) -> str | None:
    """The loss that a mean or sum of a power of a difference is, when nothing with parameters follows it."""
    power = op.source
    minus = power.source if power is not None else None
    if power is None or minus is None or minus.name not in ("Sub", "Rsub") or len(minus.inputs) != 1:
        return None
    above = op
    while above.consumers:
        above = above.consumers[0][0]
        if above.parameters or above.kind not in ("arithmetic", "reduction", "shape"):
            return None
    if power.name == "Pow":
        return "mse" if power.options.get("exponent") in (2, 2.0) else None
    return BY_HAND.get(power.name)
