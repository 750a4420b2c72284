"""Targets that the loss is not defined for."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, applies, known, logs_of_scores, losses, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class TargetOutsideLossDomain(Rule):
    """The targets lie outside the values that the loss is defined for.

    What it is:
        A cross-entropy compares distributions: its targets are probabilities that sum to 1 over the classes. A
        binary cross-entropy wants targets from 0 to 1, a Poisson likelihood wants counts.

    Why it is bad:
        Outside its domain the formula still gives a number, but its minimum is no longer where predictions equal
        targets; it may have no minimum at all.

    How it is seen:
        The targets that the loss kept are compared with the domain that the catalogue declares for it.

    How it is cured:
        For several yes-no labels per example use `bce_with_logits`; for several classes, class indices with
        `cross_entropy`; for real numbers, mean-squared error.

    Sources:
        C. Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.
    """

    slug, code = "target-outside-loss-domain", "NL107"
    cause, stage = "wrong_loss", Stage.OBJECTIVE
    explains = frozenset(
        {"lr-too-low", "stopped-too-early", "exploding-gradient", "lr-too-high", "missing-output-activation"}
    )
    treatments = ("classification-loss", "regression-loss")
    slack = 0.01  # by which a row may miss the sum 1, and a target its bound: rounding

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            rows = [row for row in targets(run, loss) if row.get("low") is not None]
            if rows and loss.facts.get("target_kind") != "class_index":
                yield from self._bounds(loss, rows)
            if rows and applies(loss) == "softmax":
                yield from self._sums(loss, rows)
        for op, scores in logs_of_scores(run):
            rows = [row for row in run.rows("target", op) if row.get("low") is not None]
            if rows and (min(known(rows, "low")) < -self.slack or not all(row["integer"] for row in rows)):
                yield self._by_hand(op, scores, min(known(rows, "low")), max(known(rows, "high")))

    def _bounds(self, loss: Op, rows: list[Row]) -> Iterable[Finding]:
        low, high = loss.facts.get("targets", (None, None))
        least, most = min(known(rows, "low")), max(known(rows, "high"))
        below, above = low is not None and least < low - self.slack, high is not None and most > high + self.slack
        if not (below or above):
            return
        wanted = f"from {say(low) if low is not None else '-inf'} to {say(high) if high is not None else 'inf'}"
        whole = all(row.get("integer") for row in rows)
        yield self.finding(
            f"The targets go from {say(least)} to {say(most)}, but {loss.label} is only defined for targets {wanted}; "
            "outside, its minimum is not where predictions equal targets.",
            op=loss,
            advice="The targets look like class numbers: give the network one output per class and use cross_entropy."
            if whole and least >= 0
            else "For real-valued targets use mse_loss with no activation before it.",
            evidence=[
                Evidence("smallest target", least, "", wanted),
                Evidence("largest target", most, "", wanted),
            ],
        )

    def _by_hand(self, op: Op, scores: Op, low: float, high: float) -> Finding:
        return self.finding(
            f"This loss multiplies targets by the logarithm of predictions, as a cross-entropy does, but the targets "
            f"are real numbers from {say(low)} to {say(high)} and the predictions the raw output of {scores.place}.",
            op=op,
            advice="For real-valued targets use mse_loss on the raw output.",
            evidence=[Evidence("targets", f"{say(low)} to {say(high)}", "", "probabilities, 0 to 1")],
        )

    def _sums(self, loss: Op, rows: list[Row]) -> Iterable[Finding]:
        along = "class" if any(row.get("class_low") is not None for row in rows) else "row"  # the loss's classes
        ends = [(row.get(f"{along}_low"), row.get(f"{along}_high")) for row in rows]
        sums = [(low, high) for low, high in ends if low is not None and high is not None]
        if not sums or all(abs(low - 1) <= self.slack and abs(high - 1) <= self.slack for low, high in sums):
            return
        low, high = min(s[0] for s in sums), max(s[1] for s in sums)
        yes_no = all(row.get("integer") and row["low"] >= 0 and row["high"] <= 1 for row in rows)
        yield self.finding(
            f"{loss.label} compares distributions, so each row of targets must sum to 1; here the sums go from "
            f"{say(low)} to {say(high)}"
            + (": the rows hold several yes-no labels, and a softmax lets only one of them win." if yes_no else "."),
            op=loss,
            advice="Use bce_with_logits: one yes-no decision per output." if yes_no else "Use a loss for real numbers.",
            evidence=[Evidence("sum of a row of targets", f"{say(low)} to {say(high)}", "", "1")],
        )
