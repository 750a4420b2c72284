"""Inputs that are the same for every example of a batch."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.dynamics import entering
from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, data_inputs, known, losses, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class ConstantInput(Rule):
    """Every example that enters the network is the same.

    What it is:
        All rows of a batch are equal: one row repeated, or nothing but zeros. Usual reasons: pixels divided as whole
        numbers, so that all become 0; a column of one value; a loader that fills the batch with one example.

    Why it is bad:
        Equal inputs give equal predictions, whatever the network learns. The best it can do is the answer that fits
        the targets on average, and that is what the loss then stands for.

    How it is seen:
        What enters the first layers does not differ from example to example, to the last digit, in every batch looked
        at, while the targets do.

    How it is cured:
        Print a batch where it leaves the loader, before and after each transformation.

    Sources:
        C. Bishop, Pattern Recognition and Machine Learning, 2006, section 1.5.5: a prediction that does not depend on
        the input has the targets' variance as its error.
    """

    slug, code = "constant-input", "NL204"
    cause, stage = "constant_input", Stage.DATA
    outside = "what differs between examples is lost before they reach the network; mend it where batches are made"
    explains = frozenset(
        {
            "dead-units",
            "lr-too-high",
            "lr-too-low",
            "oscillating-loss",
            "rank-collapse",
            "saturated-units",
            "stopped-too-early",
            "symmetric-units",
            "vanishing-gradient",
        }
    )
    least = 2  # examples in a batch
    equal = 1e-9  # RMS of what differs between examples, over RMS: rounding

    def check(self, run: Run) -> Iterable[Finding]:
        found = [(op, rows) for op, _ in entering(run) if (rows := self._rows(run, op))]
        if not found or not self._differ(run) or not all(self._constant(run, op, rows) for op, rows in found):
            return
        op, rows = found[0]
        value = "all 0" if max(known(rows, "rms")) == 0 else f"the same, with an RMS of {say(rows[0]['rms'])}"
        yield self.finding(
            f"The {say(rows[0]['rows'])} examples of each batch that enter {op.place} are {value}, in all {len(rows)} "
            "batches looked at, while their targets differ. Equal inputs give equal predictions, so there is nothing "
            "to learn from.",
            op=op,
            advice="Print a batch where it leaves the loader and after each transformation: a division of whole "
            "numbers gives 0, and a row may be repeated.",
            evidence=[
                Evidence("share of the inputs that differs between examples", 0.0, "", "about 1", rows[0]["step"]),
                Evidence("RMS of the inputs", rows[0]["rms"], "", "about 1", rows[0]["step"]),
            ],
        )

    def _rows(self, run: Run, op: Op) -> list[Row]:
        """What entered a layer from outside; first states of recurrent layers and positions left out."""
        if op.kind == "embedding" and len(op.shape) == 2 and not self._one_per_example(run, op):
            return []
        if any(data_inputs(twin) for p in op.parameters for twin in run.of_kind(op.kind) if p in twin.parameters):
            return []
        return [row for row in run.rows("input", op) if row.get("varying") is not None and row["rows"] >= self.least]

    def _one_per_example(self, run: Run, op: Op) -> bool:
        """Whether as many ids are looked up as there are targets: positions are as many as a text is long."""
        sizes = {row["step"]: row["rows"] for loss in losses(run) for row in targets(run, loss)}
        return all(row["rows"] == sizes.get(row["step"], row["rows"]) for row in run.rows("input", op))

    def _constant(self, run: Run, op: Op, rows: list[Row]) -> bool:
        shares = known(run.rows("variety", op), "examples")
        if shares:
            return max(shares) <= self.equal
        return not any(row["varying"] for row in rows)

    def _differ(self, run: Run) -> bool:
        return any(row.get("std") for loss in losses(run) for row in targets(run, loss))
