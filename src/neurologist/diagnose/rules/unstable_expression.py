"""An expression that is right on paper and overflows, cancels or has an infinite slope in floating point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from neurologist.diagnose.finding import Evidence, Finding, Rival, Severity
from neurologist.diagnose.fragile import (
    CURE,
    CURES,
    EXPONENTIALS,
    LOGARITHMS,
    Form,
    at_edge,
    forms,
    infinitely_steep,
    numbers,
    reach,
)
from neurologist.diagnose.reading import PARAMETRIC, curve, data_inputs, known, say, sources, went_nonfinite
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class UnstableExpression(Rule):
    """An expression breaks in floating point.

    What it is:
        The logarithm of a softmax or a sigmoid, a softmax from exponentials without the shift by the largest score,
        log(1 - p) where p rounds to 1, a square root or an inverse cosine at the point where its slope is infinite, a
        quotient whose denominator can be 0.

    Why it is bad:
        A score of 89 overflows float32 in exp, a probability below 1e-45 is 0 and its logarithm infinite, 1 - p is 0
        from a score of 17 on. One such entry makes the loss or a gradient NaN, and one step later every weight. It
        works until the network becomes sure, or until one example is all zeros.

    How it is seen:
        The tape shows which ops feed which. At each sample the extremes of the arguments of logarithms, roots,
        exponentials and denominators are measured, so that it is known whether one of them was at its edge when
        the numbers broke, and how near the others came.

    How it is cured:
        Use the function that computes the whole expression: `log_softmax`, `cross_entropy`, `logsigmoid`,
        `binary_cross_entropy_with_logits`, `logsumexp`, `softplus`, `log1p`, `expm1`. Add a small number inside a root.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 4.1.
        N. Higham, Accuracy and Stability of Numerical Algorithms, 2002, chapter 1.
        P. Blanchard, D. Higham, N. Higham, Accurately computing the log-sum-exp and softmax functions, 2021.
    """

    slug, code, cause, stage = "unstable-expression", "NL111", "unstable_expression", Stage.OBJECTIVE
    explains = frozenset({"non-finite"})
    treatments = ("stable-expression",)
    grown = 5.0  # a loss at this many times its first value just before it broke had been growing: see lr-too-high
    near_zero = 0.5  # of the logarithm of the smallest normal number: a probability of e^-44, of e^-87 in float32
    near_one = 4.0  # spacings of the format between p and 1
    near_overflow = 0.5  # of the logarithm of the largest number: 44 of 88.7 in float32
    leap = 1.0  # update-to-weight ratio of a step that by itself explains numbers that break

    def check(self, run: Run) -> Iterable[Finding]:
        found = [] if self._grew(run) else list(self._broken(run))[:1]
        written = list(forms(run))
        if not found and went_nonfinite(run) is not None and not self._grew(run):
            found = list(self._suspected(run, written))[:1]
        yield from found
        lines = {(f.origin.file, f.origin.line) for f in found}
        for form in written:
            worst = reach(run, form)
            if worst is not None and (form.op.file, form.op.line) not in lines:
                lines.add((form.op.file, form.op.line))
                yield self._by_hand(form, worst)

    # -- broken -----------------------------------------------------------------------------------------------

    def _grew(self, run: Run) -> bool:
        values = curve(run)
        return went_nonfinite(run) is not None and len(values) > 3 and median(values[-3:]) > self.grown * abs(values[0])

    def _broken(self, run: Run) -> Iterator[Finding]:
        """An op at its edge in a step that made NaN or infinity there."""
        lost = {step for step, loss in run.losses if loss is None}
        names = {form.op.id: form for form in forms(run)}
        measured = [(op, {row["step"]: row for row in found}) for op in run.ops if (found := run.rows("argument", op))]
        for step in run.samples:
            for op, rows in measured:
                row = rows.get(step)
                alone = op.name in EXPONENTIALS and op.id not in names  # grows by itself, whatever stands around it
                if row is None or alone or _raw(op) or not at_edge(op, row):
                    continue
                if step in lost or _breaks_gradient(run, op, step):
                    yield self._error(op, names.get(op.id), step, row)

    def _error(self, op: Op, form: Form | None, step: int, row: dict[str, float]) -> Finding:
        high = op.name in EXPONENTIALS or (op.name in ("Acos", "Asin") and row["high"] >= 1)
        value = row["least"] if op.name == "Div" else row["high" if high else "low"]
        what = "denominator" if op.name == "Div" else f"argument of {op.name.lower()}"
        return self.finding(
            f"In step {step} the {what} at {op.place} came to {say(value)}, where the value or the slope is not "
            "finite, and NaN or infinity came out." + (f" This is {form.name}." if form else ""),
            op=op,
            since=step,
            advice=f"Write {form.better} instead." if form else f"{CURES.get(op.name, CURE).capitalize()}.",
            evidence=[Evidence(f"{what}, nearest to the edge", value, "", "away from it", step)],
        )

    def _suspected(self, run: Run, written: list[Form]) -> Iterator[Finding]:
        """Weights that became NaN between two samples, though the loss was finite and no step was large."""
        weights = [p for p in run.parameters.values() if len(p.shape) > 1]
        ratios = [r for p in weights for r in known(run.rows("weights", p), "ratio") if r != float("inf")]
        if max(ratios, default=0.0) > self.leap:
            return
        step = went_nonfinite(run)
        worst = [(form, reach(run, form)) for form in written]
        for form, value in worst:
            if value is not None and self._near(form, value):
                yield self._guess(form.op, step, f"{form.name}, and it had come to {say(value)}", form.better, value)
        for op in run.ops:
            if infinitely_steep(op):
                least = min(known(run.rows("argument", op), "least"), default=None)
                text = f"a {op.name.lower()} whose slope is infinite at its edge, which nothing keeps it away from"
                yield self._guess(op, step, text, None, least)

    def _guess(self, op: Op, step: int | None, what: str, better: str | None, value: float | None) -> Finding:
        return self.finding(
            f"The loss became NaN at step {step} without having grown, so the gradient of the step before was not "
            f"finite. The expression at {op.place} can do that: it is {what}.",
            op=op,
            since=step or 0,
            certainty=0.7,  # the step itself was not looked at
            rivals=(
                Rival(
                    "lr_too_high",
                    "Train the first steps at a tenth of the learning rate: if the loss then stays finite for good, "
                    "the steps were too large.",
                ),
            ),
            advice=f"Write {better} instead." if better else f"{CURES.get(op.name, CURE).capitalize()}.",
            evidence=[Evidence("argument nearest to the edge", value, "", "away from it")],
        )

    # -- not broken yet ---------------------------------------------------------------------------------------

    def _near(self, form: Form, worst: float) -> bool:
        ends = numbers(form.op)
        if form.limit == "exp":
            return worst > self.near_overflow * ends.overflow
        return worst < (ends.tiny**self.near_zero if form.limit == "zero" else self.near_one * ends.spacing)

    def _by_hand(self, form: Form, worst: float) -> Finding:
        near, ends = self._near(form, worst), numbers(form.op)
        severity: Severity = "warning" if near else "info"
        told = {
            "exp": (f"exp was given up to {say(worst)} and overflows at {say(ends.overflow)}", f"{say(ends.overflow)}"),
            "zero": (f"its argument came down to {say(worst)}; below {say(ends.tiny)} it is lost", f"{say(ends.tiny)}"),
            "one": (f"1 - p came down to {say(worst)}, and {form.op.dtype} is spaced by {say(ends.spacing)}", "0"),
        }[form.limit]
        return self.finding(
            f"The expression at {form.op.place} is {form.name}: {told[0]}."
            + (" A few more steps of learning can make it NaN." if near else ""),
            op=form.op,
            severity=severity,
            certainty=0.9,
            advice=f"Write {form.better} instead: the same on paper, and finite for every score.",
            evidence=[Evidence("argument nearest to the edge", worst, "", f"far from {told[1]}")],
        )


def _raw(op: Op) -> bool:
    """True for the logarithm of a layer's output: a mistaken domain, and no matter of rounding."""
    return op.name in LOGARITHMS and any(below.kind in PARAMETRIC for below in sources(op))


def _breaks_gradient(run: Run, op: Op, step: int) -> bool:
    """True when the gradient that the op handed on was not finite, though what arrived was."""
    own = [row for row in run.rows("gradient", op) if row["step"] == step]
    if not own or not _finite(own[0]["rms_in"]):
        return False
    below = [row for b in data_inputs(op) for row in run.rows("gradient", b) if row["step"] == step]
    return any(not _finite(row["rms_in"]) for row in below)


def _finite(value: float | None) -> bool:
    return value is not None and abs(value) != float("inf")
