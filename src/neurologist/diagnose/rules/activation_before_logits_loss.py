"""A sigmoid, tanh or ReLU on logits."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import applies, feeds, last, losses, output_units, range_of, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class ActivationBeforeLogitsLoss(Rule):
    """A loss that wants logits is given the output of a bounded activation.

    What it is:
        `cross_entropy` and `bce_with_logits` apply softmax or sigmoid themselves and want logits: any real number.
        A sigmoid, tanh or ReLU before them restricts what they can be told.

    Why it is bad:
        A sigmoid leaves logits between 0 and 1, so no class can ever be ruled out. A ReLU cuts every negative logit
        to 0, and a logit that is 0 for the whole batch gets no gradient: that class stops learning. Tanh does both.

    How it is seen:
        On the tape the loss reads directly from an activation whose range, by its formula, is not the whole line.

    How it is cured:
        Remove the activation and hand the linear layer's output to the loss.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 6.2.2.
    """

    slug, code = "activation-before-logits-loss", "NL102"
    cause, stage = "wrong_output_activation", Stage.OBJECTIVE
    explains = frozenset(
        {
            "vanishing-gradient",
            "dead-units",
            "saturated-units",
            "lr-too-low",
            "stopped-too-early",
            "output-range-excludes-targets",
        }
    )
    treatments = ("remove-activation",)

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            wants = applies(loss)
            if wants not in ("softmax", "sigmoid"):
                continue
            for op in feeds(loss):
                bounds = range_of(op)
                softmax_twice = op.kind == "softmax" and wants == "softmax"
                if bounds is None or bounds == (float("-inf"), float("inf")) or softmax_twice:
                    continue
                yield self._found(run, loss, op, bounds)

    def _found(self, run: Run, loss: Op, op: Op, bounds: tuple[float, float]) -> Finding:
        row = last(run, "activation", op) or {}
        evidence = [
            Evidence(f"range of {op.member}", f"({say(bounds[0])}, {say(bounds[1])})", "", "(-inf, inf) for logits")
        ]
        if row.get("zero_share"):
            evidence.append(Evidence("share of logits that are exactly 0", row["zero_share"], "", "0", row["step"]))
        units = output_units(op)
        return self.finding(
            f"{loss.member} wants logits, any real number, but a {op.member} stands before it and lets through only "
            f"values from {say(bounds[0])} to {say(bounds[1])}"
            + (f", for each of {units} outputs" if units and units > 1 else "")
            + f". {loss.member} applies {loss.facts['applies']} itself.",
            op=op,
            advice=f"Remove this {op.member}: give {loss.member} the output of the linear layer.",
            evidence=evidence,
        )
