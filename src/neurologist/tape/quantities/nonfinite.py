"""NaN and infinity: which op had them in its output, and whether they came in with its input."""

from __future__ import annotations

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, input_of, output_of

# Ops that keep their input alone and have a point where the output is not finite: computed again to see it.
RECOMPUTED = {
    "Log": torch.log,
    "Log2": torch.log2,
    "Log10": torch.log10,
    "Log1P": torch.log1p,
    "Acos": torch.acos,
    "Asin": torch.asin,
}


class NonFinite(Quantity):
    """Only rows with something non-finite are kept, so that a healthy run's table is empty."""

    name = "nonfinite"
    columns = {
        "output": "1 when the op's output holds NaN or infinity, 0 when not, NULL when no one kept it",
        "input": "the same for its first data input",
    }
    needs = frozenset({"saved"})

    def at_graph(self, op: TapeOp) -> Row | None:
        output, values = output_of(op), input_of(op, 1 if op.name == "Addmm" else 0)
        if output is None and values is not None and op.name in RECOMPUTED:
            output = RECOMPUTED[op.name](values)
        if output is None and values is None:
            return None
        return {"output": _bad(output), "input": _bad(values)}

    def finish(self, op: TapeOp, row: dict[str, object], rows: object) -> None:
        if not row.get("output") and not row.get("input"):
            row.clear()


def _bad(tensor: torch.Tensor | None) -> torch.Tensor | None:
    if tensor is None or not tensor.is_floating_point():
        return None
    # One pass: a sum is not finite when an entry is not. Half precision is summed in single, or it might overflow.
    return ~torch.isfinite(tensor.sum(dtype=torch.float32 if tensor.element_size() < 4 else None))
