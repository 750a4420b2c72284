"""Raw scores in a loss that wants probabilities or their logarithms."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import feeds, known, logs_of_scores, losses, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class MissingOutputActivation(Rule):
    """A loss that wants probabilities, or their logarithms, is given raw scores.

    What it is:
        `nll_loss` wants log-probabilities, the output of log-softmax; `binary_cross_entropy` and losses written by
        hand as -log(p) want probabilities. A linear layer's output is neither.

    Why it is bad:
        `nll_loss` only picks the score of the right class and negates it. Without log-softmax nothing holds the
        scores together, so the loss falls without bound while all scores grow and nothing is learnt.

    How it is seen:
        The loss reads from an op that is no log-softmax, and the predictions it was given pass 0, which no
        log-probability does.

    How it is cured:
        Use `cross_entropy` on the raw scores instead of `nll_loss`, or put `log_softmax` before it.

    Sources:
        PyTorch documentation of torch.nn.NLLLoss.
    """

    slug, code = "missing-output-activation", "NL104"
    cause, stage = "missing_output_activation", Stage.OBJECTIVE
    explains = frozenset({"exploding-gradient", "lr-too-high", "non-finite", "dead-units"})
    treatments = ("logits-loss",)
    rounding = 1e-3  # a log-probability may pass 0 by this much in half precision

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            if loss.facts.get("expects") != "log_probabilities":
                continue
            highs = [high for high in known(targets(run, loss), "predicted_high") if isfinite(high)]
            producers = [op for op in feeds(loss) if op.member not in ("log_softmax", "logsigmoid")]
            if not producers or not highs or max(highs) <= self.rounding:
                continue
            op = producers[0]
            what = "probabilities" if op.member == "softmax" else "raw scores"
            yield self.finding(
                f"{loss.member} wants log-probabilities, which are never above 0, but is given {what}: the largest was "
                f"{say(max(highs))}. Its value then says nothing about how right the network is.",
                op=loss,
                advice="Use cross_entropy, which applies log-softmax itself"
                + (", and remove the softmax." if what == "probabilities" else " to raw scores."),
                evidence=[Evidence("largest prediction given to the loss", max(highs), "", "at most 0")],
            )
        for op, scores in logs_of_scores(run):
            rows = [row for row in run.rows("target", op) if row.get("low") is not None]
            if rows and all(row["integer"] and row["low"] >= 0 for row in rows):
                yield self.finding(
                    f"This loss takes the logarithm of the raw output of {scores.place}, which is no probability.",
                    op=op,
                    advice="Use cross_entropy on the raw scores, or put a softmax before the logarithm.",
                    evidence=[Evidence("smallest value whose logarithm is taken", "unbounded", "", "above 0")],
                )
