"""Inputs far from unit scale."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class UnscaledInput(Rule):
    """The data enter the network far from unit scale.

    What it is:
        Pixels from 0 to 255, prices in the thousands beside ages in the tens, or data divided twice: the numbers that
        reach the first layer are far from about 1.

    Why it is bad:
        Default initial weights suppose inputs of about unit size. With larger inputs preactivations are too large:
        sigmoids saturate, the loss starts high, and the gradient of the first layer, which is proportional to its
        input, is so much larger than the others that no single learning rate fits. With tiny inputs the first layer
        hardly moves. With columns of unlike scale the largest drowns the rest.

    How it is seen:
        RMS, extremes and the spread of scales between features of what enters first layers that no normalisation
        follows directly.

    How it is cured:
        Subtract the mean and divide by the standard deviation of each feature, computed on the training data, or
        begin with a batch normalisation.

    Sources:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, section 4.3.
    """

    slug, code = "unscaled-input", "NL201"
    cause, stage = "unscaled_input", Stage.DATA
    severity = "warning"
    explains = frozenset(
        {
            "dead-units",
            "exploding-gradient",
            "lr-too-high",
            "lr-too-low",
            "stopped-too-early",
            "rank-collapse",
            "saturated-units",
            "vanishing-gradient",
        }
    )
    treatments = ("standardise-input",)
    large = 20.0  # RMS; first preactivations are then about 12 with default weights, deep in any sigmoid's tail
    small = 0.02  # largest entry; the first layer's gradient is then at most a 50th of what its bias gets
    spread = 300.0  # ratio of the largest feature's RMS to the smallest's
    wide = 10.0  # the spread matters only where the largest feature is at least this large

    def check(self, run: Run) -> Iterable[Finding]:
        for op in run.ops:
            rows = run.rows("input", op)
            if not rows or any(c.kind == "normalisation" for c in [op, *op.consumers]) or op.kind == "embedding":
                continue
            if (why := self._why(rows[0])) is not None:
                yield self._found(op, rows[0], why)
                return

    def _why(self, row: Row) -> str | None:
        reach = max(abs(row["low"] or 0.0), abs(row["high"] or 0.0))
        if (row["rms"] or 0.0) > self.large:
            return "far above unit scale"
        if 0 < reach < self.small:
            return "far below unit scale"
        low, high = row.get("scale_low"), row.get("scale_high")
        if low and high and high > self.wide and high / low > self.spread:
            return f"of unlike scale: its features' sizes differ {say(high / low)} times"
        return None

    def _found(self, op: Op, row: Row, why: str) -> Finding:
        return self.finding(
            f"The data that enter {op.place} are {why}. They go from {say(row['low'])} to {say(row['high'])} with an "
            f"RMS of {say(row['rms'])}; default initial weights suppose about 1.",
            op=op,
            advice="Standardise the inputs: subtract each feature's mean and divide by its standard deviation, both "
            "from the training data.",
            evidence=[
                Evidence("RMS of the inputs", row["rms"], "", "about 1", row["step"]),
                Evidence("largest input", row["high"], "", "a few units", row["step"]),
                Evidence("largest feature's RMS over the smallest's", _ratio(row), "", "below 10", row["step"]),
            ],
        )


def _ratio(row: Row) -> float | None:
    low, high = row.get("scale_low"), row.get("scale_high")
    return high / low if low and high else None
