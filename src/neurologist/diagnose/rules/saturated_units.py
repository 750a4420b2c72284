"""Activations stuck where their slope is gone."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import feeds, improvement, losses, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class SaturatedUnits(Rule):
    """Most entries of a hidden sigmoid-like layer lie in its flat tails.

    What it is:
        Sigmoid and tanh flatten out: beyond a few units their slope is almost 0. An entry counts as saturated when
        its slope is below 5 % of the activation's largest, by the catalogue's own derivative.

    Why it is bad:
        The gradient through a saturated unit is multiplied by that slope, so weights before it hardly change.

    How it is seen:
        The saturated share of a hidden layer, from the first sample on (weights or inputs too large) or later (steps
        too large).

    How it is cured:
        Smaller initial weights and scaled inputs; a smaller learning rate when it came later; ReLU, or a
        normalisation before the activation.

    Sources:
        X. Glorot, Y. Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks, 2010.
    """

    slug, code = "saturated-units", "NL604"
    cause, stage = "saturated_activation", Stage.CONSEQUENCE
    severity = "warning"
    explains = frozenset({"vanishing-gradient", "lr-too-low", "stopped-too-early"})
    treatments = ("re-initialise", "standardise-input", "lower-lr")
    most = 0.75  # share of entries; healthy tanh and sigmoid layers stay below half
    learns = 0.5  # a run that loses this share of its loss learns in spite of it

    def check(self, run: Run) -> Iterable[Finding]:
        outputs = {op.id for loss in losses(run) for op in feeds(loss)}
        for op in run.of_kind("activation"):
            rows = [row for row in run.rows("activation", op) if row.get("saturated_share") is not None]
            if op.id in outputs or not rows or op.facts.get("dead") or not _squashes(op):
                continue
            since = next((row for row in rows if row["saturated_share"] >= self.most), None)
            if since is None or rows[-1]["saturated_share"] < self.most:
                continue
            yield self._found(run, op, since["step"], since["saturated_share"], since["step"] == rows[0]["step"])
            return

    def _found(self, run: Run, op: Op, step: int, share: float, born: bool) -> Finding:
        when = "from the first step on: the weights or inputs before it are too large" if born else f"since step {step}"
        return self.finding(
            f"{say(100 * share)} % of the {op.member} at {op.place} is saturated {when}. There its slope is below 5 % "
            "of its largest, and the gradient is multiplied by that slope.",
            op=op,
            cause="bad_init" if born else "lr_too_high",
            stage=int(Stage.START if born else Stage.STEP),
            severity="info" if improvement(run) > self.learns else "warning",
            since=step,
            advice="Start with smaller weights and scale the inputs, or use ReLU."
            if born
            else "Lower the learning rate, or put a normalisation before the activation.",
            evidence=[Evidence("saturated share", share, "", "below half", step)],
        )


def _squashes(op: Op) -> bool:
    """True for activations that are flat in both tails; one that is flat on one side is a rectifier."""
    low, high = op.facts.get("range", (None, None))
    return low is not None and high is not None
