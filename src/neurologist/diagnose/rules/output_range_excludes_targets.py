"""Targets that the last activation cannot reach."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, applies, feeds, known, losses, range_of, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class OutputRangeExcludesTargets(Rule):
    """The targets lie outside what the output activation can produce.

    What it is:
        Every activation has a range: sigmoid (0, 1), tanh (-1, 1), ReLU [0, inf). A softmax over a single unit has
        the smallest of all: it is always exactly 1.

    Why it is bad:
        A target outside the range is never met: the network runs into the activation's tail, where the slope is
        gone, and its predictions pile up at the bound. Behind a softmax over one unit nothing can be learnt at all.

    How it is seen:
        The range derived from the activation's formula is compared with the targets that the loss kept.

    How it is cured:
        For unbounded targets, use no activation before the loss. For two classes on one unit, use a sigmoid, better
        as logits with `bce_with_logits`. For bounded targets, scale them into the range.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 6.2.2.
    """

    slug, code = "output-range-excludes-targets", "NL103"
    cause, stage = "wrong_output_activation", Stage.OBJECTIVE
    explains = frozenset(
        {
            "vanishing-gradient",
            "saturated-units",
            "dead-units",
            "lr-too-low",
            "stopped-too-early",
            "regression-loss-on-classes",
            "unscaled-target",
        }
    )
    treatments = ("remove-activation", "sigmoid-output")
    slack = 0.05  # share of the targets' standard deviation by which they may pass the bound: rounding, label noise

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            for op in feeds(loss):
                bounds = range_of(op)
                if bounds is None or applies(loss) or not _same_units(loss):
                    continue
                if op.kind == "softmax" and op.shape and op.shape[int(op.options.get("dim", -1))] == 1:
                    yield self._constant(loss, op)
                elif found := self._outside(loss, op, bounds, targets(run, loss)):
                    yield found

    def _constant(self, loss: Op, op: Op) -> Finding:
        return self.finding(
            "This softmax runs over a single unit, so its output is exactly 1 whatever the network computes, and its "
            "slope is exactly 0: no gradient gets past it and nothing can be learnt.",
            op=op,
            advice="For two classes on one unit use a sigmoid (better: no activation, and bce_with_logits as the "
            "loss); for a real-valued target use no activation.",
            evidence=[Evidence("units that the softmax runs over", 1, "", "at least 2", op.first_step)],
        )

    def _outside(self, loss: Op, op: Op, bounds: tuple[float, float], rows: list[Row]) -> Finding | None:
        lows, highs = known(rows, "low"), known(rows, "high")
        if not lows:
            return None
        low, high, room = min(lows), max(highs), self.slack * max(known(rows, "std"), default=0.0)
        if low >= bounds[0] - room and high <= bounds[1] + room:
            return None
        return self.finding(
            f"The targets go from {say(low)} to {say(high)}, but a {op.member} before {loss.label} can only produce "
            f"values from {say(bounds[0])} to {say(bounds[1])}. Targets outside can never be met.",
            op=op,
            advice=f"Remove this {op.member}" + (" and scale the targets to unit variance." if abs(high) > 10 else "."),
            evidence=[
                Evidence("smallest target", low, "", f"at least {say(bounds[0])}"),
                Evidence("largest target", high, "", f"at most {say(bounds[1])}"),
            ],
        )


def _same_units(loss: Op) -> bool:
    """True when predictions and targets are the same kind of number, not scores or log-probabilities of classes."""
    comparable = loss.facts.get("target_kind") in ("real", "count", "probability")
    return comparable and loss.facts.get("expects") != "log_probabilities"
