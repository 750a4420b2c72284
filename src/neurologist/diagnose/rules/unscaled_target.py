"""Regression targets far from unit scale."""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import known, losses, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class UnscaledTarget(Rule):
    """The targets of a regression are far from unit scale.

    What it is:
        Prices, distances or counts in the tens and thousands are used as targets as they are, while a fresh network
        predicts values of about 0.

    Why it is bad:
        The squared error starts at the square of the targets' size, and so do its gradients. The steps are too large
        for the hidden layers, or, with an optimizer that scales gradients away, too small to bring the output to the
        targets in reasonable time.

    How it is seen:
        RMS of the targets that a regression loss kept.

    How it is cured:
        Subtract the mean of the training targets and divide by their standard deviation; undo it on predictions.

    Sources:
        C. Bishop, Neural Networks for Pattern Recognition, 1995, section 8.2.
    """

    slug, code = "unscaled-target", "NL203"
    cause, stage = "unscaled_target", Stage.DATA
    severity = "warning"
    explains = frozenset(
        {
            "exploding-gradient",
            "lr-too-high",
            "lr-too-low",
            "stopped-too-early",
            "dead-units",
            "saturated-units",
            "non-finite",
        }
    )
    treatments = ("standardise-target",)
    large = 20.0  # RMS; the first squared error is then 400 times what unit targets give

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            rows = targets(run, loss)
            if loss.facts.get("target_kind") != "real" or not rows:
                continue
            size = max((hypot(row["mean"], row["std"]) for row in rows if row.get("std") is not None), default=0.0)
            if size <= self.large:
                continue
            low, high = min(known(rows, "low")), max(known(rows, "high"))
            summed = (
                " The loss also sums over the batch instead of averaging." if loss.options.get("reduction") == 2 else ""
            )
            yield self.finding(
                f"The targets go from {say(low)} to {say(high)}, with an RMS of {say(size)}, while a fresh network "
                f"predicts values of about 0 to 1.{summed}",
                op=loss,
                advice="Standardise the targets with their mean and standard deviation over the training data, and "
                "undo it on predictions.",
                evidence=[Evidence("RMS of the targets", size, "", "about 1")],
            )
