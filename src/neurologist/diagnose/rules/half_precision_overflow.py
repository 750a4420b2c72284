"""A value or a gradient too large for half precision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, data_inputs, went_nonfinite
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

LARGEST = 65_504.0  # the largest float16 (IEEE 754 binary16); bfloat16 reaches as far as float32
GROWING = frozenset({"linear", "conv", "matmul", "attention", "loss"})  # kinds of op that sum products
SUMS = frozenset({"Mul", "Pow", "Square", "Sum", "Cumsum", "Prod", "Norm", "LinalgVectorNorm"})


class HalfPrecisionOverflow(Rule):
    """A float16 computation passed its largest number, 65,504.

    What it is:
        float16 ends at 65,504. A sum of many products, a square, or a scaled gradient beyond it is infinite.

    Why it is bad:
        Infinity becomes NaN at the next difference or quotient, and reaches the loss and every weight. In single
        precision the same program is finite.

    How it is seen:
        The first op in forward order whose numbers are not finite is followed down to the sum or product in float16
        that made them, from finite inputs and finite weights. Where the forward pass is finite, the same is asked of
        the gradients. A gradient scaler that skips a step now and then is no fault: the loss stays finite.

    How it is cured:
        Divide before summing, not after; compute that part in float32 (`.float()`, or autocast switched off around
        it); or use bfloat16, which has the range of float32.

    Sources:
        P. Micikevicius et al., Mixed Precision Training, 2018.
        IEEE Standard for Floating-Point Arithmetic, 754-2019.
    """

    slug, code = "half-precision-overflow", "NL002"
    cause, stage = "half_precision_overflow", Stage.NUMBERS
    explains = frozenset(
        {
            "non-finite",
            "lr-too-high",
            "exploding-gradient",
            "dead-units",
            "lr-too-low",
            "stopped-too-early",
            "unscaled-input",
        }
    )
    treatments = ("single-precision", "bfloat16")

    def check(self, run: Run) -> Iterable[Finding]:
        broken = went_nonfinite(run)
        if broken is None or not any(op.dtype == "float16" for op in run.ops):
            return
        rows: dict[int, dict[int, Row]] = defaultdict(dict)
        for op in run.ops:
            for row in run.rows("nonfinite", op):
                rows[row["step"]][op.id] = row
        for step in run.samples:
            forward = self._forward(run, step, rows[step])
            made = forward or (self._backward(run, step) if step < broken else None)
            if made is not None:
                yield self._finding(made, step, broken, forward is not None)
                return

    def _finding(self, op: Op, step: int, broken: int, forward: bool) -> Finding:
        what = "result" if forward else "gradient that it hands on"
        return self.finding(
            f"The {what} of the {op.label} at {op.place} is not finite in step {step}, though what it was computed "
            f"from is: it is computed in float16, which ends at 65504. The loss is not finite from step {broken} on.",
            op=op,
            since=step,
            certainty=0.9,
            advice="Divide before summing, compute this line in float32, or use bfloat16."
            if forward
            else "Scale the loss by less (torch.amp.GradScaler finds how much), or use bfloat16.",
            evidence=[
                Evidence("largest number of float16", LARGEST, "", "above every value"),
                Evidence("first step with a non-finite loss", broken, "", "none", broken),
            ],
        )

    # -- forward ----------------------------------------------------------------------------------------------

    def _forward(self, run: Run, step: int, rows: dict[int, Row]) -> Op | None:
        """The sum or product in float16 that made the first numbers which are not finite."""
        first = next((op for op in run.ops if op.id in rows), None)
        if first is None:
            return None
        own = rows[first.id]
        start = [first] if own["output"] and not own["input"] and _grows(first) else data_inputs(first)
        seen = {op.id for op in start}
        for op in start:  # nearest first
            if op.id in rows and op is not first:
                continue
            if _grows(op):
                return op if op.dtype == "float16" and self._sound(run, op, step) else None
            fresh = [below for below in data_inputs(op) if below.id not in seen]
            seen |= {below.id for below in fresh}
            start += fresh
        return None

    def _sound(self, run: Run, op: Op, step: int) -> bool:
        """True when the weights that the op read were finite."""
        rows = [row for p in op.parameters for row in run.rows("weights", p) if row["step"] == step]
        return all(_finite(row["rms"]) for row in rows)

    # -- backward ---------------------------------------------------------------------------------------------

    def _backward(self, run: Run, step: int) -> Op | None:
        """The float16 op that turned a finite gradient into one that is not."""
        rows = {op.id: row["rms_in"] for op in run.ops for row in run.rows("gradient", op) if row["step"] == step}
        for op in reversed(run.ops):
            below = [b for b in data_inputs(op) if b.id in rows]
            if _finite(rows.get(op.id)) and any(not _finite(rows[b.id]) for b in below):
                return op if "float16" in {op.dtype, *(b.dtype for b in below)} else None
        return None


def _grows(op: Op) -> bool:
    return op.kind in GROWING or op.name in SUMS


def _finite(value: float | None) -> bool:
    return value is not None and abs(value) != float("inf")
