"""NaN or infinity, and the first op that made it."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import PARAMETRIC, curve, data_inputs, say, sources, went_nonfinite
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

# Ops with a point where the value or the slope is not finite.
FRAGILE = frozenset(
    {"Log", "Log2", "Log10", "Log1P", "Sqrt", "Rsqrt", "Reciprocal", "Div", "Pow", "Exp", "Exp2"}
) | frozenset({"Acos", "Asin", "Xlogy", "Norm", "LinalgVectorNorm"})
STEEP = frozenset({"Exp", "Exp2", "Expm1", "Sinh", "Cosh"})  # as activations: the slope grows with the value


class NonFinite(Rule):
    """A NaN or an infinity appears.

    What it is:
        Some op produced a value that is not a number, or infinite.

    Why it is bad:
        It spreads: one NaN in the loss makes every gradient NaN, and one step later every weight.

    How it is seen:
        The first op in forward order whose output is not finite while its input is. When the data themselves are not
        finite, they are the cause. When the numbers grew step by step until they overflowed, the growth is.

    How it is cured:
        Data: drop or fill missing values. log, sqrt and division: use the stable form (log_softmax,
        bce_with_logits, logsumexp) or keep the argument away from 0. Growth: a smaller learning rate.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 4.1.
    """

    slug, code = "non-finite", "NL001"
    cause, stage = "non_finite_loss", Stage.CONSEQUENCE
    explains = frozenset({"lr-too-high", "lr-too-low", "vanishing-gradient", "dead-units", "exploding-gradient"})
    treatments = ("fill-missing", "lower-lr", "stable-expression")
    grown = 5.0  # a loss that reached this many times its first value had been growing

    def check(self, run: Run) -> Iterable[Finding]:
        for op in run.ops:
            bad = next((row for row in run.rows("input", op) if row.get("nonfinite")), None)
            if bad:
                yield self._data(op, bad["step"], bad["nonfinite"])
                return
        step = went_nonfinite(run)
        if step is None:
            return
        values = curve(run)
        growing = len(values) > 1 and max(values) > self.grown * abs(values[0])
        made = self._first(run)
        steep = made is not None and made.name in STEEP and _hidden(made)
        fragile = made is not None and made.name in FRAGILE and not growing and not steep
        origin = f" The first op with a non-finite output was the {made.label} at {made.place}." if made else ""
        yield self.finding(
            f"The loss became NaN or infinite at step {step}"
            + (f" after it had grown from {say(values[0])} to {say(max(values))}." if growing else ".")
            + origin,
            op=made,
            since=step,
            cause="wrong_hidden_activation" if steep else "unstable_expression" if fragile else self.cause,
            stage=int(Stage.ARCHITECTURE if steep else Stage.OBJECTIVE if fragile else self.stage),
            advice="Its slope grows with its value: use ReLU or another activation of bounded slope between layers."
            if steep
            else "Use the stable form of this expression (log_softmax, logsigmoid, logsumexp, clamp its argument)."
            if fragile
            else "Lower the learning rate; look at what grew before that step.",
            evidence=[Evidence("first step with a non-finite loss", step, "", "none", step)],
        )

    def _data(self, op: Op, step: int, count: int) -> Finding:
        return self.finding(
            f"The data that enter {op.place} hold NaN or infinity: {say(count)} of the entries seen in step {step}.",
            op=op,
            since=step,
            cause="non_finite_data",
            stage=int(Stage.NUMBERS),
            advice="Find the rows with missing or infinite values where the data are loaded; drop or fill them.",
            evidence=[Evidence("non-finite entries of the input", count, "", "0", step)],
        )

    def _first(self, run: Run) -> Op | None:
        return self._backward(run) or self._forward(run)

    def _backward(self, run: Run) -> Op | None:
        """The op that turned a finite gradient into one that is not, before any loss was affected."""
        rows = {op.id: {row["step"]: row["rms_in"] for row in run.rows("gradient", op)} for op in run.ops}
        broken = went_nonfinite(run)
        for step in (s for s in run.samples if broken is None or s < broken):
            for op in reversed(run.ops):
                below = [b for b in data_inputs(op) if step in rows[b.id]]
                if _finite(rows[op.id].get(step)) and any(not _finite(rows[b.id][step]) for b in below):
                    return op
        return None

    def _forward(self, run: Run) -> Op | None:
        """The op whose output is not finite though its inputs are."""
        rows = {op.id: run.rows("nonfinite", op) for op in run.ops}
        steps = sorted({row["step"] for found in rows.values() for row in found})
        for step in steps[:1]:
            bad = {op.id for op in run.ops for row in rows[op.id] if row["step"] == step and row["output"]}
            for op in run.ops:
                if op.id in bad and not any(below.id in bad for below in data_inputs(op)):
                    return op
        return None


def _hidden(op: Op) -> bool:
    """True when the op stands between two layers, as an activation does."""
    before = any(below.parameters for below in sources(op))
    after = any(step.kind in PARAMETRIC for consumer in op.consumers for step in (consumer, *consumer.consumers))
    return before and after


def _finite(value: float | None) -> bool:
    return value is not None and abs(value) != float("inf")
