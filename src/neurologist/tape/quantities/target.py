"""What the loss compares: predictions against targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, Value, output_of, strided

ROUNDING = 1e-5  # relative: targets recovered from a difference this close to whole numbers are whole
DISTINCT = 64  # more distinct values than this are not counted
ROWS = 4_096  # rows looked at for the spread over the batch
PART = 2**19  # entries in double precision at a time: the logits of a language model are among its largest tensors


class Target(Quantity):
    """Range, kind and agreement of predictions and targets at every loss that keeps its targets."""

    name = "target"
    columns = {
        "low": "smallest target",
        "high": "largest target",
        "mean": "mean target",
        "std": "standard deviation of the targets",
        "integer": "1 when every target is a whole number",
        "distinct_targets": f"number of distinct targets in this batch; NULL above {DISTINCT}",
        "top_share": "share of the most common target",
        "entropy": f"entropy of the targets' frequencies in this batch, in nats; NULL above {DISTINCT} distinct ones",
        "rows": "number of targets, or of rows when targets have a last dimension",
        "shape": "shape, as text",
        "stretched": "1 when the targets were stretched along a dimension to fit the predictions",
        "stretched_last": "1 when it was along the last dimension alone: each example's predictions have one target",
        "row_low": "smallest sum over the last dimension",
        "row_high": "largest sum over the last dimension",
        "row_ones": "share of rows with exactly one 1 and zeros elsewhere",
        "class_low": "smallest sum over dimension 1, the classes of images and sequences; NULL below three dimensions",
        "class_high": "largest sum over dimension 1",
        "predicted_low": "smallest prediction",
        "predicted_high": "largest prediction",
        "predicted_mean": "mean prediction",
        "predicted_std": "standard deviation of the predictions",
        "spread": "standard deviation of predictions over the batch, mean over outputs",
        "outputs": "size of the predictions' class or last dimension",
        "predicted_shape": "shape of the predictions, as text",
        "score": "share of right classes for class targets; 1 - error/variance for others",
    }
    needs = frozenset({"saved"})

    def at_graph(self, op: TapeOp) -> Row | None:
        predictions, targets = (None if t is None or t.is_complex() else t for t in compared(op))
        row: dict[str, Value] = {}
        if targets is not None:
            row |= self._targets(targets)
            # Whole numbers are class indices in a loss of one call, and one-hot rows as a factor in one by hand.
            row |= self._rows(targets) if targets.is_floating_point() or op.kind != "loss" else {}
        if predictions is not None:
            row |= self._predictions(predictions, targets)
        return row or None

    def finish(self, op: TapeOp, row: dict[str, Any], rows: Mapping[TapeOp, dict[str, Any]]) -> None:
        if row.get("distinct_targets") is not None:
            row["distinct_targets"] = int(row["distinct_targets"])

    def _targets(self, targets: torch.Tensor) -> dict[str, Value]:
        part = strided(targets).double()
        variance, mean = torch.var_mean(part, correction=0)
        low, high = part.aminmax()
        row: dict[str, Value] = {"low": low, "high": high, "mean": mean, "std": variance.sqrt()}
        shares = shares_of(part)
        distinct = (1 / (shares * part.numel())).sum().round()
        few = distinct <= DISTINCT
        entropy = -shares.log().mean()  # over entries: each value counts as often as it is there
        row |= {
            "integer": (part == part.round()).all(),
            "distinct_targets": distinct.masked_fill(~few, torch.nan),
            "top_share": shares.amax(),
            "entropy": entropy.masked_fill(~few, torch.nan),
            "rows": targets.shape[0] if targets.dim() else 1,
            "shape": str(tuple(targets.shape)),
        }
        stretched = [s == 0 and n > 1 for s, n in zip(targets.stride(), targets.shape, strict=True)]
        row |= {
            "stretched": int(any(stretched)),
            "stretched_last": int(len(stretched) > 1 and stretched[-1] and sum(stretched) == 1),
        }
        return row

    def _rows(self, targets: torch.Tensor) -> dict[str, Value]:
        row: dict[str, Value] = {}
        if targets.dim() > 1 and targets.shape[-1] > 1:
            sums = targets.double().sum(-1)
            ones = ((targets == 1).sum(-1) == 1) & ((targets == 0).sum(-1) == targets.shape[-1] - 1)
            row |= {"row_low": sums.amin(), "row_high": sums.amax(), "row_ones": ones.double().mean()}
        if targets.dim() > 2:
            sums = targets.double().sum(1)
            row |= {"class_low": sums.amin(), "class_high": sums.amax()}
        return row

    def _predictions(self, predictions: torch.Tensor, targets: torch.Tensor | None) -> dict[str, Value]:
        part = strided(predictions).double()
        variance, mean = torch.var_mean(part, correction=0)
        low, high = part.aminmax()
        row: dict[str, Value] = {"predicted_low": low, "predicted_high": high, "predicted_mean": mean}
        row |= {"predicted_std": variance.sqrt(), "predicted_shape": str(tuple(predictions.shape))}
        classes = 1 if predictions.dim() > 1 else -1
        row |= {"outputs": predictions.shape[classes] if predictions.dim() > 1 else 1}
        if predictions.dim():
            row["spread"] = spread(predictions)
        if targets is not None:
            row["score"] = score(predictions.detach(), targets)
        return row


def shares_of(values: torch.Tensor) -> torch.Tensor:
    """For each entry, in order, the share of those equal to it; unlike `torch.unique` without waiting for a device."""
    ordered = values.sort().values
    place = torch.arange(ordered.numel(), device=ordered.device)
    starts = torch.ones_like(place, dtype=torch.bool)
    starts[1:] = ordered[1:] != ordered[:-1]  # no NaN is equal to another
    first = (place * starts).cummax(0).values
    last = place.masked_fill(~starts.roll(-1), ordered.numel()).flip(0).cummin(0).values.flip(0)
    return (last - first + 1).double() / max(1, ordered.numel())


def spread(predictions: torch.Tensor) -> torch.Tensor:
    """Standard deviation over the first dimension, mean over the others."""
    rows = predictions[:ROWS]
    rows = rows.reshape(rows.shape[0], -1)
    found = []
    for part in rows.split(max(1, PART // rows.shape[0]), 1):
        entries = part.double()
        found.append((entries - entries.mean(0)).square_().mean(0).sqrt_())
    return torch.cat(found).mean()


def score(predictions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor | None:
    """Share of right classes when targets are class indices, else the share of the variance explained."""
    if not targets.is_floating_point():
        if predictions.dim() != targets.dim() + 1:
            return None
        return (predictions.argmax(1) == targets).double().mean()
    if predictions.shape != targets.shape:
        return None
    spread = targets.double().var(correction=0)
    return 1 - (predictions.double() - targets.double()).square().mean() / spread


def compared(op: TapeOp) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Predictions and targets of a loss op; (None, None) for other ops and for losses that keep neither."""
    targets = op.saved("target")
    if targets is not None:
        return op.saved("self"), targets
    if op.kind != "loss" and not op.root:
        return None, None
    if (found := _difference(op)) is not None:
        return found
    for below in _within(op):  # composed or written by hand: a product of the predictions (or their log) with targets
        if below.name == "Mul" and len(below.inputs) == 1:
            slot = next(iter(below.inputs))
            constant = below.saved("other" if slot == 0 else "self")
            if constant is not None and constant.numel() > 1:
                return output_of(below.inputs[slot]) if constant.shape == below.shape else None, constant
    return None, None


def _difference(op: TapeOp) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Predictions and targets of a loss made from their difference, which its absolute value or power keeps."""
    for below in _within(op):
        difference = below.saved("self") if below.name in ("Abs", "Pow", "Square", "Mul") else None
        minus = below.source
        if difference is None or minus is None or minus.name != "Sub" or len(minus.inputs) != 1:
            continue
        slot, source = next(iter(minus.inputs.items()))
        predictions = output_of(source)
        predictions = recomputed(source) if predictions is None else predictions
        if predictions is None or predictions.shape != difference.shape:
            return None
        targets = predictions - difference if slot == 0 else predictions + difference
        whole = targets.round()
        exact = (targets - whole).abs().amax() < ROUNDING * (1 + predictions.abs().amax())
        return predictions, torch.where(exact, whole, targets)
    return None


def recomputed(op: TapeOp) -> torch.Tensor | None:
    """Output of a linear op, computed again from what it kept; None for other ops."""
    while op.kind == "shape" and op.source is not None and not op.parameters:
        op = op.source
    inputs, weights = op.saved("mat1"), op.saved("mat2")
    bias = next((p for p in op.parameters if p.dim() == 1), None)
    if op.name != "Addmm" or inputs is None or weights is None or bias is None:
        return None
    return torch.addmm(bias.detach(), inputs, weights)


def _within(op: TapeOp) -> list[TapeOp]:
    found, stack = [], [op]
    while stack:
        found.append(step := stack.pop())
        stack += [b for b in step.inputs.values() if b.place == op.place and not b.parameters]
    return found
