"""A regression loss on class labels."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, feeds, improvement, known, losses, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

REGRESSION = "real"  # the target kind of mse, l1, smooth_l1, huber


class RegressionLossOnClasses(Rule):
    """A loss for real numbers compares predictions with class labels.

    What it is:
        The targets are one-hot rows, or 0 and 1 behind a sigmoid: classes. The loss is a mean of squared or absolute
        differences, made for real numbers.

    Why it is bad:
        Behind a sigmoid or softmax the gradient of the squared error carries the activation's slope as a factor, so
        that an output which is wrong and sure gets almost no gradient: sigmoid's slope is at most 0.25 and 0.0025
        already at a score of 6. Cross-entropy cancels that factor and leaves prediction minus target.

    How it is seen:
        Every observed target row holds exactly one 1 and zeros, or all targets are 0 or 1 and a sigmoid or softmax
        stands before the loss.

    How it is cured:
        Use `cross_entropy` on logits with class indices, or `bce_with_logits` for one or several yes-no outputs.

    Sources:
        M. Nielsen, Neural Networks and Deep Learning, 2015, chapter 3, on the cross-entropy cost function.
    """

    slug, code = "regression-loss-on-classes", "NL105"
    cause, stage = "wrong_loss", Stage.OBJECTIVE
    severity = "warning"
    explains = frozenset({"lr-too-low", "stopped-too-early", "saturated-units", "vanishing-gradient"})
    treatments = ("classification-loss",)

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            if loss.facts.get("target_kind") != REGRESSION:
                continue
            rows = targets(run, loss)
            if not rows or (kind := self._classes(loss, rows)) is None:
                continue
            final = next((op for op in feeds(loss) if op.kind in ("activation", "softmax")), None)
            through = f", behind a {final.member} whose slope becomes a factor of the gradient" if final else ""
            better = "cross_entropy on logits with class indices" if "one-hot" in kind else "bce_with_logits on logits"
            yield self.finding(
                f"The targets are {kind}, but the loss is {loss.label}, made for real numbers{through}. The loss has "
                f"lost {say(100 * improvement(run))} % of its first value over this run.",
                op=loss,
                advice=f"Use {better}" + (f", and remove the {final.member}." if final else "."),
                evidence=[
                    Evidence(
                        "distinct targets in a batch",
                        min(known(rows, "distinct_targets")),
                        "",
                        "many, for a regression",
                    ),
                    Evidence(
                        "share of target rows that are one-hot", rows[-1].get("row_ones"), "", "0, for a regression"
                    ),
                ],
            )

    def _classes(self, loss: Op, rows: list[Row]) -> str | None:
        """How the targets show that they are classes; None when they may be real numbers."""
        ones = known(rows, "row_ones")
        if ones and min(ones) == 1 and max(known(rows, "distinct_targets"), default=0) == 2:
            return "one-hot rows"
        binary = all(
            r.get("integer") and r.get("distinct_targets") == 2 and (r["low"], r["high"]) == (0, 1) for r in rows
        )
        bounded = any(op.member in ("sigmoid", "softmax", "hardsigmoid") for op in feeds(loss))
        return "0 and 1" if binary and bounded else None
