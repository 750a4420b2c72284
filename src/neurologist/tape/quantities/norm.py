"""How normalisations by statistics of the batch run: with whose statistics, and of how many values."""

from __future__ import annotations

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, Value


class Norm(Quantity):
    """Only batch normalisations have rows; an instance normalisation, which runs as one of a single row, has none."""

    name = "norm"
    columns = {
        "training": "1 when the batch's own statistics were used, 0 when the running ones were",
        "rows": "size of the batch",
        "entries": "entries of the batch behind each mean",
        "untouched": "1 when the running statistics are as they were made, mean 0 and variance 1; NULL if not kept",
    }
    needs = frozenset({"saved"})

    def at_graph(self, op: TapeOp) -> Row | None:
        training = op.options.get("training")
        if op.kind != "normalisation" or training is None or len(op.shape) < 2:
            return None
        if op.place.function == "instance_norm":
            return None
        entries = op.shape[0] * int(torch.Size(op.shape[2:]).numel())
        row: dict[str, Value] = {"training": int(training), "rows": op.shape[0], "entries": entries}
        mean, variance = op.saved("running_mean"), op.saved("running_var")
        if mean is not None and variance is not None:
            row["untouched"] = (mean == 0).all() & (variance == 1).all()
        return row
