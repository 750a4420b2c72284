"""Gradients or updates too small for half precision."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from statistics import median

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, improvement, known, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Parameter, Run

QUANTUM = 2.0**-24  # the smallest float16 above 0 (IEEE 754 binary16)
HALF = {"float16": 2.0**-11, "bfloat16": 2.0**-8}  # largest relative rounding error


class HalfPrecisionUnderflow(Rule):
    """Gradients or weight updates are lost because half precision cannot hold them.

    What it is:
        float16 has no number between 0 and 6e-8: smaller gradients become 0. bfloat16 has 8 significant bits: adding
        less than 1/512 of a weight to it changes nothing. In an optimizer whose state is float16, squares of gradients
        below 2e-4 are 0, and so is an eps of 1e-8.

    Why it is bad:
        Training stands still, or moves in the few entries that are large enough; dividing by a state of 0 gives NaN.

    How it is seen:
        At each sample: how large the entries of float16 gradients are that did not become 0, against the smallest
        number of float16; which share of the entries of a half-precision weight an update left as they were although
        their gradient is not 0; and whether a step from finite weights and gradients gave weights that are not.

    How it is cured:
        Keep the weights in float32 and run the forward pass under `torch.autocast`; with float16 also
        `torch.amp.GradScaler`, which scales the loss so that gradients stay large enough.

    Sources:
        P. Micikevicius et al., Mixed Precision Training, 2018, section 3.
        P. Zamirai et al., Revisiting BFloat16 Training, 2020.
    """

    slug, code = "half-precision-underflow", "NL003"
    cause, severity, stage = "half_precision_underflow", "warning", Stage.NUMBERS
    explains = frozenset(
        {
            "non-finite",
            "lr-too-low",
            "lr-too-high",
            "stopped-too-early",
            "vanishing-gradient",
            "capacity-too-small",
            "unrelated-labels",
        }
    )
    treatments = ("single-precision", "gradient-scaling")
    quanta = 16.0  # smallest numbers: gradients of this size have lost many entries to 0, and keep 3 or 4 bits
    most = 0.5  # share of layers, or of a weight's entries, from which on it decides what is learnt
    learns = 0.5  # share of the loss taken away beyond which the network evidently learns
    least = 3  # samples

    def check(self, run: Run) -> Iterable[Finding]:
        weights = [p for p in run.parameters.values() if p.dtype in HALF and p.optimizer is not None]
        broken = next((p for p in weights if self._broken(run.rows("weights", p))), None)
        if broken is not None:
            yield self._state(run, broken)
        elif weights and (still := self._still(run, weights)) is not None:
            yield self._updates(run, *still)
        elif lost := self._lost(run):
            yield self._gradients(run, lost)

    # -- what is seen -----------------------------------------------------------------------------------------

    def _broken(self, rows: list[Row]) -> bool:
        finite = (row for row in rows if _finite(row["rms"]) and _finite(row["gradient"]))
        return any(not _finite(row["change"]) for row in finite)

    def _still(self, run: Run, weights: list[Parameter]) -> tuple[Parameter, float] | None:
        """A weight and the share of entries that updates leave as they are, where that holds for most weights."""
        shares = {p: known(run.rows("weights", p), "still") for p in weights if len(p.shape) > 1}
        middle = {p: median(values) for p, values in shares.items() if len(values) >= self.least}
        stuck = [p for p, share in middle.items() if share >= self.most]
        if len(stuck) < max(1, self.most * len(middle)):
            return None
        worst = max(stuck, key=lambda p: middle[p])
        return worst, middle[worst]

    def _lost(self, run: Run) -> list[tuple[Op, float]]:
        """Layers in float16 with the size of their surviving gradients, where these are lost in most layers."""
        layers = [op for op in run.of_kind("linear", "conv") if op.dtype == "float16"]
        sizes = {op: [_survivors(row) for row in run.rows("gradient", op)] for op in layers}
        middle = {op: median(values) for op, found in sizes.items() if len(values := [v for v in found if v]) >= 3}
        lost = [(op, size) for op, size in middle.items() if size <= self.quanta * QUANTUM]
        return lost if lost and len(lost) >= self.most * len(middle) else []

    # -- what is said -----------------------------------------------------------------------------------------

    def _state(self, run: Run, parameter: Parameter) -> Finding:
        optimizer = run.optimizers[parameter.optimizer or 0]
        row = next(r for r in run.rows("weights", parameter) if _finite(r["rms"]) and not _finite(r["change"]))
        return self.finding(
            f"In step {row['step']} {optimizer.name} made {parameter.name} NaN or infinite out of finite weights and "
            f"finite gradients: weights and optimizer state are {parameter.dtype}, in which squares of small gradients "
            "and eps are 0.",
            op=optimizer,
            severity="error",
            since=row["step"],
            advice="Keep the weights in float32 and use torch.autocast for the forward pass.",
            evidence=[Evidence("RMS of the gradient before the step", row["gradient"], "", "", row["step"])],
        )

    def _updates(self, run: Run, parameter: Parameter, share: float) -> Finding:
        learns = improvement(run) >= self.learns
        reader = next((op for op in run.ops if parameter in op.parameters), None)
        return self.finding(
            f"The weights are {parameter.dtype}, which holds them to {say(HALF[parameter.dtype])} of their size, and "
            f"steps are smaller: {say(100 * share)} % of the entries of {parameter.name} that have a gradient do not "
            "change in a step. " + ("Training copes with it here." if learns else "Training gets nowhere with it."),
            op=reader,
            severity="info" if learns else "warning",
            advice="Keep the weights in float32 and use torch.autocast for the forward pass.",
            evidence=[Evidence("entries with a gradient that a step leaves as they are", share, "", "near 0")],
        )

    def _gradients(self, run: Run, lost: list[tuple[Op, float]]) -> Finding:
        op, size = min(lost, key=lambda pair: pair[1])
        zeros = median(known(run.rows("gradient", op), "zero_share"))
        return self.finding(
            f"Gradients are lost in float16: at {op.place} {say(100 * zeros)} % of them are 0, and the others have an "
            f"RMS of {say(size)}, where the smallest number is {say(QUANTUM)}.",
            op=op,
            advice="Scale the loss: torch.amp.GradScaler; or use bfloat16.",
            evidence=[
                Evidence("RMS of the gradients that are not 0", size, "", f"far above {say(QUANTUM)}"),
                Evidence("layers whose gradients are lost", len(lost), "", "0"),
            ],
        )


def _survivors(row: Row) -> float | None:
    """RMS of the entries of a gradient that are not 0; None where all are or some are not finite."""
    size, zeros = row["rms_in"], row["zero_share"]
    if not size or not _finite(size) or zeros is None or zeros >= 1:
        return None
    return float(size / sqrt(1 - zeros))


def _finite(value: float | None) -> bool:
    return value is not None and abs(value) != float("inf")
