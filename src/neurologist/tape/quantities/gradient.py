"""Gradient into and out of every op, and so the factor by which each op multiplies it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, rms, strided


class Gradient(Quantity):
    """RMS of the gradient at both sides of an op.

    Where an op is the only reader of its source, what it hands on is what arrives there, so one hook serves both.
    """

    name = "gradient"
    columns = {
        "rms_in": "RMS over entries of the gradient that arrives at the op's output",
        "rms_out": "RMS over entries of the gradient that it hands on to its first data input; NULL at the first layer",
        "factor": "rms_out / rms_in: by how much the op multiplies the gradient; NULL when either is missing or 0",
        "zero_share": "share of entries of the arriving gradient that are exactly 0, in [0, 1]",
    }
    needs = frozenset({"gradient", "shared_gradient"})
    plotted = {"rms_in": "gradient"}

    def at_gradient(self, op: TapeOp, gradient: torch.Tensor) -> Row:
        part = strided(gradient)
        count = part.numel()
        return {"rms_in": op.unscaled(rms(part)), "zero_share": (count - part.count_nonzero()).double() / count}

    def at_shared_gradient(self, op: TapeOp, gradient: torch.Tensor) -> Row:
        return {"rms_out": op.unscaled(rms(gradient))}

    def finish(self, op: TapeOp, row: dict[str, Any], rows: Mapping[TapeOp, dict[str, Any]]) -> None:
        source = op.source
        if source is not None and len(source.consumers) == 1 and source in rows:
            row["rms_out"] = rows[source].get("rms_in")
        into, out = row.get("rms_in"), row.get("rms_out")
        row["factor"] = out / into if into and out is not None else None
