"""A loss summed over the batch where a mean is meant."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import improvement, known, losses, say, targets, went_nonfinite
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run

SUM = 2  # torch's number for reduction="sum"


class SummedLoss(Rule):
    """The loss is summed over the batch, and the steps are too large for it.

    What it is:
        With reduction="sum" the gradient is as many times larger than with "mean" as the batch has entries.

    Why it is bad:
        A learning rate that suits a mean is then as many times too large, and changes with the batch size. Optimizers
        that scale gradients, like Adam, hide it.

    How it is seen:
        The loss op keeps its reduction; it is the root of backward, so nothing divides it; and training does not get
        anywhere. When training works, it is only worth knowing.

    How it is cured:
        reduction="mean", or divide by the batch size.

    Sources:
        P. Goyal et al., Accurate, Large Minibatch SGD, 2017, section 3.
    """

    slug, code = "summed-loss", "NL108"
    cause, stage = "wrong_loss_reduction", Stage.OBJECTIVE
    explains = frozenset({"lr-too-high", "exploding-gradient", "dead-units", "non-finite", "saturated-units"})
    treatments = ("mean-reduction",)
    learns = 0.5  # share of the loss taken away beyond which the network evidently learns
    least = 20  # steps before training can be said to get nowhere

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            rows = max(known(targets(run, loss), "rows"), default=1)
            if loss.options.get("reduction") != SUM or not loss.root or rows < 2:
                continue
            gained, broken = improvement(run), went_nonfinite(run)
            harmed = broken is not None or (gained < self.learns and run.steps >= self.least)
            yield self.finding(
                f"{loss.label} sums over the {say(rows)} rows of the batch instead of averaging, so its gradient is "
                f"{say(rows)} times larger or more. "
                + ("Training gets nowhere with it." if harmed else "Training copes with it here."),
                op=loss,
                severity="error" if harmed else "info",
                advice='Use reduction="mean", or divide the loss by the batch size.',
                evidence=[
                    Evidence("rows summed over", rows, "", "1"),
                    Evidence("share of its first value that the loss has lost", gained, "", "rising"),
                ],
            )
