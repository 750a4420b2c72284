"""Predictions and targets of different shapes, silently stretched to fit."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, ancestors, composite, data_inputs, losses, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class TargetBroadcast(Rule):
    """Targets of one shape are compared with predictions of another, and broadcasting hides it.

    What it is:
        Predictions have shape (N, 1) and targets (N), or the like. Subtracting them gives an (N, N) table: every
        prediction is compared with every target.

    Why it is bad:
        The best answer to all targets at once is their mean, so the network learns to predict the mean.

    How it is seen:
        The loss reads from an expansion of the predictions, or keeps targets that were stretched along a dimension.

    How it is cured:
        Give both the same shape: `targets.unsqueeze(1)` or `predictions.squeeze(1)`.

    Sources:
        PyTorch documentation, Broadcasting semantics.
    """

    slug, code = "target-broadcast", "NL106"
    cause, stage = "wrong_target_shape", Stage.OBJECTIVE
    explains = frozenset({"lr-too-low", "stopped-too-early", "output-range-excludes-targets"})
    treatments = ("match-target-shape",)

    def check(self, run: Run) -> Iterable[Finding]:
        seen: set[int] = set()
        for loss in losses(run):
            expanded = [op for op in _region(loss) if op.name == "Expand" and data_inputs(op)]
            rows = targets(run, loss)
            stretched = any(row.get("stretched") and not _harmless(row) for row in rows)
            if expanded:
                below = data_inputs(expanded[0])[0]
                seen.add(loss.id)
                yield self._found(loss, str(below.shape), str(expanded[0].shape))
            elif stretched and rows[0].get("predicted_shape"):
                seen.add(loss.id)
                yield self._found(loss, rows[0]["predicted_shape"], rows[0]["shape"])
        for root in (op for op in run.ops if op.root and op.id not in seen):
            if op := self._by_hand(root):
                yield self._found(op, str(data_inputs(op)[0].shape), str(op.shape))

    def _by_hand(self, root: Op) -> Op | None:
        """A difference, written by hand, that turned (N, 1) against (N) into (N, N)."""
        for op in ancestors(root):
            if op.parameters:
                return None
            below = data_inputs(op)
            square = len(op.shape) == 2 and op.shape[0] == op.shape[1] > 1
            if (
                op.name in ("Sub", "Rsub")
                and square
                and [b.shape for b in below] in ([(op.shape[0], 1)], [op.shape[:1]])
            ):
                return op
        return None

    def _found(self, op: Op, before: str, after: str) -> Finding:
        return self.finding(
            f"Predictions and targets have different shapes, and broadcasting stretches them: {before} becomes {after}."
            " Predictions are compared with the targets of other examples, so the best the network can do is to "
            "predict one value for all.",
            op=op,
            advice="Give predictions and targets the same shape, for example with targets.unsqueeze(1).",
            evidence=[Evidence("shape of the predictions", before), Evidence("shape compared", after, "", before)],
        )


def _harmless(row: Row) -> bool:
    """One number for all predictions, or one target for all outputs of its own example, mixes no examples."""
    return row.get("distinct_targets") == 1 or bool(row.get("stretched_last"))


def _region(loss: Op) -> list[Op]:
    """The loss's own ops, and reshaping right below them, where functional losses stretch their arguments."""
    parts = composite(loss)
    return parts + [b for part in parts for b in data_inputs(part) if b.name == "Expand" and b.line == loss.line]
