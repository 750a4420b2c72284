"""Whether examples, and the places of a sequence, are still told apart by what a layer reads."""

from __future__ import annotations

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, Value, input_of

MOST = 32  # examples, and places of a sequence, that are compared
WIDE = 512  # features that are looked at
SLOT = {"Addmm": 1}  # every other op reads its data at slot 0


class Variety(Quantity):
    """The share of a layer's input that differs from example to example, and from place to place within one.

    Both are RMS of the deviation from the mean, over RMS of the input: 1 for centred data, 0 where all are the same.
    """

    name = "variety"
    columns = {
        "examples": "RMS of the deviation from the mean over the batch, over RMS; NULL for a single example",
        "places": "the same for the mean over the places of a sequence; NULL where there are none",
    }
    needs = frozenset({"saved"})

    def at_graph(self, op: TapeOp) -> Row | None:
        if op.kind not in ("linear", "conv") or not op.parameters:
            return None
        x = input_of(op, SLOT.get(op.name, 0))
        if x is None or x.dim() < 2 or x.is_complex() or x.is_sparse:
            return None
        whole = _sequence(op, x) if op.kind == "linear" else None
        x = thinned(x if whole is None else whole)
        size = torch.linalg.vector_norm(x)  # the number of entries is the same above and below the line
        row: dict[str, Value] = {}
        if x.shape[0] > 1:
            row["examples"] = torch.linalg.vector_norm(x - x.mean(0)) / size
        if whole is not None and x.shape[1] > 1:
            row["places"] = torch.linalg.vector_norm(x - x.mean(1, keepdim=True)) / size
        return row or None


def thinned(x: torch.Tensor) -> torch.Tensor:
    """Some examples, places and features of a tensor, evenly spread, in double precision."""
    limits = (MOST, *(MOST for _ in x.shape[1:-1]), WIDE)
    return x[tuple(slice(None, None, -(-n // m)) for n, m in zip(x.shape, limits, strict=True))].double()


def _sequence(op: TapeOp, x: torch.Tensor) -> torch.Tensor | None:
    """The input as (examples, places, features), where it was flattened from that; None where it was not."""
    if x.dim() == 3:
        return x
    below = op.source
    while below is not None and below.kind == "shape":
        below = below.source
    shape = below.shape if below is not None else ()
    fits = len(shape) == 3 and (shape[0] * shape[1], shape[2]) == tuple(x.shape)
    return x.reshape(shape) if fits else None
