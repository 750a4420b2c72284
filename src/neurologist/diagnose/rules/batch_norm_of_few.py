"""Batch normalisation by the statistics of one example, or of a few numbers."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import known, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class BatchNormOfFew(Rule):
    """Batch normalisation has too few numbers to take its statistics from.

    What it is:
        In training mode each channel is normalised by the mean and variance of its values in the batch. With one
        example in the batch these are that example's own; with two or three numbers they are mostly chance.

    Why it is bad:
        The mean and the scale of the example itself are taken away: of two numbers only their order is left. In
        evaluation mode the running statistics are used, under which the network sees other values than it was trained
        on.

    How it is seen:
        At each sample the batch and the values behind each mean are counted at every batch normalisation that uses the
        batch's own statistics. A single large image has many values; that is only worth knowing.

    How it is cured:
        Use larger batches, or a normalisation that does not look at the batch: `nn.GroupNorm`, `nn.LayerNorm`,
        `nn.InstanceNorm2d`; or fine-tune with the running statistics, in evaluation mode.

    Sources:
        Y. Wu, K. He, Group Normalization, 2018, section 1.
        S. Ioffe, Batch Renormalization, 2017.
    """

    slug, code = "batch-norm-of-few", "NL515"
    cause, severity, stage = "batch_norm_of_few", "warning", Stage.ARCHITECTURE
    explains = frozenset(
        {"oscillating-loss", "gradient-noise", "lr-too-low", "stopped-too-early", "capacity-too-small"}
    )
    treatments = ("group-norm",)
    few = 4  # values behind a mean; the estimate of a variance from 4 is off by 1/sqrt(2 * 3), 40 %, in the mean
    many = 64  # values of one example, from which on its own statistics are off by less than 10 %: sqrt(1 / (2 * 63))

    def check(self, run: Run) -> Iterable[Finding]:
        poor = [op for op in run.of_kind("normalisation") if self._values(run, op)]
        if not poor:
            return
        op = min(poor, key=lambda op: self._values(run, op) or 0)
        values = self._values(run, op) or 0
        rows = median(known(run.rows("norm", op), "rows"))
        bad = values < self.many
        others = f" The same holds for {len(poor) - 1} more." if len(poor) > 1 else ""
        yield self.finding(
            f"The batch normalisation at {op.place} takes each mean and variance from {say(values)} values, of "
            f"{say(rows)} examples.{others} "
            + (
                "These say more about the example than about the data."
                if bad
                else "In evaluation mode it will see other statistics than each example's own."
            ),
            op=op,
            severity="warning" if bad else "info",
            advice="Use larger batches, or nn.GroupNorm instead, which does not depend on the batch.",
            evidence=[
                Evidence("values behind each mean", values, "", f"{self.many} or more"),
                Evidence("examples in the batch", rows, "", "more than 1"),
            ],
        )

    def _values(self, run: Run, op: Op) -> float | None:
        """Values behind each mean where these are few or of one example, for most of the samples; None elsewhere."""
        rows = [row for row in run.rows("norm", op) if row["training"]]
        if not rows:
            return None
        values = median(known(rows, "entries"))
        return values if values <= self.few or median(known(rows, "rows")) == 1 else None
