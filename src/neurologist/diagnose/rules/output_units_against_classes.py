"""A number of outputs that does not fit the classes in the targets."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import Row, applies, by_index, composite, feeds, known, losses, range_of, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class OutputUnitsAgainstClasses(Rule):
    """The number of outputs and the number of classes do not fit.

    What it is:
        A softmax needs one output for each class; a sigmoid answers one yes-no question per output. Here a softmax
        inside the loss runs over a single output, or a single yes-no output is to tell several classes apart, or
        there are many more outputs than classes, or several outputs are all compared with one target.

    Why it is bad:
        A softmax over one number is always 1: the loss never changes and its gradient is exactly 0. A yes-no output
        can say 0 or 1 and no third class. Outputs without a class only cost: the network must learn never to choose
        them.

    How it is seen:
        The number of outputs that the loss was given is compared with the targets that it kept: whole numbers from 0
        on, almost all of which occur, are classes.

    How it is cured:
        For K classes, K outputs with `cross_entropy` and class indices from 0 to K - 1. For one yes-no question, one
        output with `bce_with_logits`. For a real number, one output with `mse_loss`.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 6.2.2.
    """

    slug, code = "output-units-against-classes", "NL110"
    cause, stage = "wrong_output_units", Stage.OBJECTIVE
    explains = frozenset(
        {
            "vanishing-gradient",
            "saturated-units",
            "dead-units",
            "lr-too-low",
            "stopped-too-early",
            "unscaled-target",
            "regression-loss-on-classes",
            "target-outside-loss-domain",
            "output-range-excludes-targets",
        }
    )
    treatments = ("output-units", "logits-loss")
    most = 20  # distinct whole numbers that still pass for classes: counts and ratings have more
    present = 0.8  # share of the numbers from the lowest to the highest that must occur in one batch
    spare = 2.0  # outputs per class beyond which it is worth a word
    per_output = 10  # labels seen per output before a class that never came means anything

    def check(self, run: Run) -> Iterable[Finding]:
        tokens = bool(run.of_kind("embedding"))  # a vocabulary is larger than what one text uses
        for loss in losses(run):
            rows = targets(run, loss)
            found = self._single(loss, rows) or (self._yes_no(loss, rows) if rows else None)
            found = found or (self._shared(loss, rows) if rows else None)
            found = found or (self._spare(loss, rows) if rows and not tokens else None)
            if found:
                yield found

    def _single(self, loss: Op, rows: list[Row]) -> Finding | None:
        inner = next((op for op in composite(loss) if op.member in ("softmax", "log_softmax")), None)
        if applies(loss) != "softmax" or inner is None or len(inner.shape) < 2:
            return None
        if inner.shape[int(inner.options.get("dim", -1))] != 1:
            return None
        real = any(row.get("integer") == 0 for row in rows)
        return self.finding(
            f"{loss.member} applies softmax over the outputs, and the network has a single one: its probability is "
            "always 1, the loss is always the same and its gradient is exactly 0.",
            op=loss,
            cause="wrong_loss" if real else self.cause,
            advice="For real-valued targets use mse_loss."
            if real
            else "Give the network one output per class, or use bce_with_logits for a yes-no answer on one output.",
            evidence=[Evidence("outputs that the softmax runs over", 1, "", "one per class", loss.first_step)],
        )

    def _yes_no(self, loss: Op, rows: list[Row]) -> Finding | None:
        """One output between 0 and 1 for classes 0, 1, 2, ..."""
        bounds = [range_of(op) for op in feeds(loss)]
        yes_no = applies(loss) == "sigmoid" or (0.0, 1.0) in bounds
        classes = self._classes(rows)
        if not yes_no or classes < 3 or max(known(rows, "outputs"), default=0) != 1:
            return None
        return self.finding(
            f"The targets are the whole numbers from 0 to {classes - 1}, as numbers of {classes} classes are, but the "
            "network has a single output that can only answer yes or no: it can never say a class above 1.",
            op=next((op for op in feeds(loss) if range_of(op) == (0.0, 1.0)), loss),
            certainty=0.8,  # they might be counts or ratings
            advice=f"Give the network {classes} outputs without an activation, and use cross_entropy with the class "
            "numbers.",
            rivals=(
                Rival(
                    "wrong_output_activation",
                    "If the numbers are amounts (counts, ratings) and no classes, one output without an activation and "
                    "mse_loss fit them.",
                ),
            ),
            evidence=[
                Evidence("outputs", 1, "", str(classes)),
                Evidence("distinct targets in a batch", max(known(rows, "distinct_targets")), "", "2, for yes and no"),
            ],
        )

    def _classes(self, rows: list[Row]) -> int:
        """How many classes the targets hold when they are class numbers from 0 on; 0 when they are something else."""
        whole = all(row.get("integer") for row in rows)
        low, high = min(known(rows, "low"), default=-1), max(known(rows, "high"), default=0)
        distinct = max(known(rows, "distinct_targets"), default=0)
        numbers = whole and low == 0 and high < self.most and distinct >= self.present * (high + 1)
        return int(high) + 1 if numbers else 0

    def _shared(self, loss: Op, rows: list[Row]) -> Finding | None:
        outputs = max(known(rows, "outputs"), default=0)
        if not any(row.get("stretched_last") for row in rows) or outputs < 2:
            return None
        return self.finding(
            f"The network has {outputs} outputs, and all of them are compared with the same target of each example.",
            op=loss,
            severity="info",
            advice="If one prediction per example is wanted, one output is enough.",
            evidence=[Evidence("outputs", outputs, "", "one per target")],
        )

    def _spare(self, loss: Op, rows: list[Row]) -> Finding | None:
        outputs = max(known(rows, "outputs"), default=0)
        classes, seen = max(known(rows, "high")) + 1, sum(known(rows, "rows"))
        single = min(known(rows, "low")) == max(known(rows, "high"))
        numbered = by_index(loss, rows) and all(row.get("integer") for row in rows)
        if not numbered or single or outputs <= self.spare * classes or seen < self.per_output * outputs:
            return None
        return self.finding(
            f"The network has {outputs} outputs, but in {say(seen)} targets no class above {say(classes - 1)} came up: "
            f"{say(outputs - classes)} outputs only learn never to be chosen.",
            op=loss,
            severity="info",
            advice=f"If there are {say(classes)} classes in all, {say(classes)} outputs are enough.",
            evidence=[Evidence("outputs", outputs, "", say(classes))],
        )
