"""Steps that follow single examples rather than the data."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median

from neurologist.diagnose.dynamics import agreement, end, flat, one_batch
from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, curve, guessing, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class GradientNoise(Rule):
    """The batch is small for how much its examples disagree.

    What it is:
        The gradient of a batch is that of all data plus noise, whose variance falls with the size of the batch. The
        noise scale is the size at which both are equal. Below it a larger batch gives a better step; far above it,
        further examples are wasted.

    Why it is bad:
        Where the noise scale is many times the batch, steps wander; the loss then stands at a height that learning
        rate and batch size decide together.

    How it is seen:
        In the last layer the norm of every single example's gradient follows from its input and its share of the
        loss's gradient. Their sum against the square of the summed gradient gives both parts, without bias.

    How it is cured:
        When the loss no longer falls: larger batches, gradient accumulation, or a learning rate that is lowered as
        training goes on. Early in training a small batch is quite right.

    Sources:
        S. McCandlish, J. Kaplan, D. Amodei, An Empirical Model of Large-Batch Training, 2018.
        I. Goodfellow, Efficient Per-Example Gradient Computations, 2015.
    """

    slug, code = "gradient-noise", "NL509"
    cause, stage = "gradient_noise", Stage.STEP
    severity = "info"
    of_data = True
    treatments = ("anneal",)
    many = 10.0  # times the batch: nine tenths of a step's square are then noise
    left = 0.05  # share of the loss of guessing that is left; below it noise harms nobody
    samples = 3  # late samples that must have been seen
    least = 100  # steps

    def check(self, run: Run) -> Iterable[Finding]:
        values, chance, rows = curve(run), guessing(run, centred=True), agreement(run)
        late = [row for row in rows if row["step"] >= run.steps // 2 and not one_batch(run)]
        if len(values) < self.least or chance is None or len(late) < self.samples or not flat(run):
            return
        batch, signal = late[0]["of"], fmean(self._signal(row) for row in late)
        total = fmean(row["single"] / row["examples"] for row in late)
        scale = (total - signal) / signal if signal > 0 else float("inf")
        level = fmean(end(run))
        if level < self.left * chance or scale < self.many * batch:
            return
        said = f"about {say(scale)}" if scale < float("inf") else "larger than could be measured"
        yield self.finding(
            f"The loss stands at {say(level)}, and the {say(batch)} examples of a batch hardly agree any more: the "
            f"batch at which signal and noise would be equal is {said}. Steps now mostly follow single examples.",
            op=None,
            evidence=[
                Evidence("examples at which noise equals signal (noise scale)", said, "", f"about {say(batch)}"),
                Evidence("median share of a step's square that is signal", self._share(late), "", "above 0.1"),
            ],
            advice="If the loss should fall further: lower the learning rate now, or take larger batches.",
        )

    def _signal(self, row: Row) -> float:
        """Squared norm of the expected gradient of one example, without bias: it may come out below 0."""
        n = row["examples"]
        return float((row["whole"] - row["single"]) / (n * (n - 1))) if n > 1 else 0.0

    def _share(self, rows: list[Row]) -> float:
        return max(0.0, median(1 - row["single"] / row["whole"] if row["whole"] else 0.0 for row in rows))
