"""One class that drowns the others."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

from neurologist.diagnose.dynamics import flat
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import Row, applies, by_index, known, losses, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class ClassImbalance(Rule):
    """Nearly all targets are of one class.

    What it is:
        One class has nine tenths of the examples or more.

    Why it is bad:
        Always to answer with that class is right nine times in ten, so accuracy says little, and the gradient of the
        rare classes is drowned. The network may come to stand at that answer.

    How it is seen:
        The share of the most common target in the batches looked at. It is worth a warning when, in all late samples,
        the network gave that answer to every example, and the loss no longer falls.

    How it is cured:
        Look at the rare classes on their own: recall, precision, a confusion matrix. Weights in the loss (`weight` of
        cross_entropy, `pos_weight` of bce_with_logits), or a sampler that draws rare classes more often.

    Sources:
        N. Japkowicz, S. Stephen, The Class Imbalance Problem: A Systematic Study, 2002.
    """

    slug, code = "class-imbalance", "NL206"
    cause, stage = "class_imbalance", Stage.STEP  # after what is surer: much else makes a network give one answer
    severity = "warning"
    of_data = True
    treatments = ("class-weights",)
    most = 0.9  # share of the most common target
    least = 200  # targets seen before a share means something
    steps = 50  # steps before a network can be said to stand still
    samples = 3  # late samples in which every answer must be the same

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            rows = [row for row in targets(run, loss) if row.get("top_share") is not None]
            share = self._share(loss, rows)
            if share is None or share < self.most or sum(known(rows, "rows")) < self.least:
                continue
            late = rows[len(rows) // 2 :]
            blind = len(late) >= self.samples and all(self._one_answer(loss, row) for row in late)
            blind = blind and run.steps >= self.steps and flat(run)
            yield self.finding(
                f"{say(100 * share)} % of the targets are of one class"
                + (
                    f", and the network gives that answer to every example of all {len(late)} late batches looked at: "
                    f"it is right in {say(100 * share)} % of the cases and has learnt nothing."
                    if blind
                    else ". Accuracy says little then: never to look at the input is right as often."
                ),
                op=loss,
                severity="warning" if blind else "info",
                advice="Weight the rare classes in the loss (weight or pos_weight) or draw them more often, and "
                "measure recall and precision of each class.",
                evidence=[Evidence("share of the most common target", share, "share", "below 0.9")],
                certainty=0.5,
                rivals=(
                    Rival(
                        "corrupted_labels",
                        "Train on as many examples of each class: if the loss still does not fall below the entropy "
                        "of the labels, the inputs do not tell the classes apart.",
                    ),
                )
                if blind
                else (),
            )

    def _share(self, loss: Op, rows: list[Row]) -> float | None:
        """Share of the most common class; None where targets are no classes, or where there is but one."""
        if not rows or min(known(rows, "low")) == max(known(rows, "high")) or min(known(rows, "low")) < 0:
            return None  # below 0 stand labels that the loss leaves out
        if loss.facts.get("target_kind") == "class_index":
            return fmean(known(rows, "top_share")) if by_index(loss, rows) else None
        yes_no = all(row.get("integer") and row["high"] <= 1 for row in rows)
        if (applies(loss) == "sigmoid" or loss.member == "bce") and yes_no and _single(rows):
            share = fmean(known(rows, "mean"))
            return max(share, 1 - share)
        return None

    def _one_answer(self, loss: Op, row: Row) -> bool:
        if loss.facts.get("target_kind") == "class_index":
            return row.get("score") is not None and abs(row["score"] - row["top_share"]) < 1e-6
        between = 0.0 if applies(loss) == "sigmoid" else 0.5
        high, low = row.get("predicted_high"), row.get("predicted_low")
        return high is not None and low is not None and (high < between if row["mean"] < 0.5 else low > between)


def _single(rows: list[Row]) -> bool:
    return max(known(rows, "outputs"), default=1) == 1
