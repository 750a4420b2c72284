"""What the user feeds in: the data that enter first layers."""

from __future__ import annotations

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, Value, input_of, strided, unit_dim

DATA_SLOT = {"Addmm": 1, "Embedding": 1}  # every other op reads its data at slot 0
FEATURES = 4_096  # columns looked at for the spread of scales


class Data(Quantity):
    """Range and scale of tensors that enter an op with parameters from outside the graph; of an embedding, the ids."""

    name = "input"
    columns = {
        "low": "smallest entry",
        "high": "largest entry",
        "mean": "mean of the entries",
        "std": "standard deviation of the entries",
        "rms": "RMS of the entries",
        "rows": "size of the first dimension (the batch)",
        "dtype": "dtype",
        "shape": "shape, as text",
        "scale_low": "smallest non-zero RMS of a feature (last dimension, or channel of an image)",
        "scale_high": "largest RMS of a feature",
        "varying": "largest standard deviation of a feature over the batch",
        "nonfinite": "number of NaN or infinite entries among those looked at",
    }
    needs = frozenset({"saved"})

    def at_graph(self, op: TapeOp) -> Row | None:
        slot = DATA_SLOT.get(op.name, 0)
        if op.kind not in ("linear", "conv", "recurrent", "normalisation", "embedding") or op.source is not None:
            return None
        if not op.parameters or (x := input_of(op, slot)) is None:
            return None
        x = x.reshape(1) if x.dim() == 0 else x  # a single id
        part = strided(x).double()
        finite = part.isfinite()
        row: dict[str, Value] = {"dtype": str(x.dtype).removeprefix("torch."), "shape": str(tuple(x.shape))}
        row |= {"rows": x.shape[0], "nonfinite": (~finite).sum()}
        part = part.where(finite, torch.zeros_like(part))
        low, high = part.aminmax()
        variance, mean = torch.var_mean(part, correction=0)
        row |= {"low": low, "high": high, "mean": mean, "std": variance.sqrt(), "rms": part.square().mean().sqrt()}
        return row | self._features(op, x)

    def _features(self, op: TapeOp, x: torch.Tensor) -> dict[str, Value]:
        x = x.abs() if x.is_complex() else x
        x = x.unsqueeze(-1) if op.kind == "embedding" and x.dim() == 1 else x  # one id per example
        dim = 1 if op.kind == "conv" and x.dim() > 2 else unit_dim(op, x)
        rows = x.movedim(dim, -1).reshape(-1, x.shape[dim])[:FEATURES, :FEATURES].double()
        scale = rows.square().mean(0).sqrt()
        present = scale.where(scale > 0, torch.full_like(scale, torch.inf))
        return {
            "scale_low": present.amin(),
            "scale_high": scale.amax(),
            "varying": rows.std(0, correction=0).amax(),
        }
