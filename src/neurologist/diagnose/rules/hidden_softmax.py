"""A softmax between layers, as if it were an activation."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from neurologist.diagnose.dynamics import standing
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import PARAMETRIC, data_inputs, improvement, known, output_units, say, sources
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

KEPT = ("normalisation", *("shape", "dropout"))  # what may stand between the softmax and the layer that reads it


class HiddenSoftmax(Rule):
    """A softmax stands between two layers in the place of an activation.

    What it is:
        Softmax turns a layer's outputs into shares that sum to 1. Over n units each is about 1/n.

    Why it is bad:
        The next layer reads numbers of size 1/n that hardly differ, and for units of about equal score the slope of
        softmax is 1/n as well: signal and gradient both shrink n times. Units cannot be active together, since they
        compete for the same 1.

    How it is seen:
        On the tape a softmax reads from a layer and a layer with weights reads from it, with nothing between that
        would make it attention (a product with values) or gating (a product with other outputs). The factor by which
        it multiplies the gradient is measured.

    How it is cured:
        ReLU or its kin between layers; softmax, if at all, at the output.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, sections 6.2.2.3 and 6.3.
        The slope follows from softmax' = diag(s) - s s^T at s = 1/n.
    """

    slug, code = "hidden-softmax", "NL613"
    cause, stage = "wrong_hidden_activation", Stage.ARCHITECTURE
    explains = frozenset(
        {
            "lr-too-low",
            "rank-collapse",
            "saturated-units",
            "stopped-too-early",
            "vanishing-gradient",
        }
    )
    treatments = ("replace-activation",)
    least = 3  # units that the softmax runs over
    learns = 0.5  # share of the loss taken away beyond which the network evidently learns
    stuck = 0.15  # share of the loss that training must have taken away to count as moving
    patience = 30  # steps before that says anything

    def check(self, run: Run) -> Iterable[Finding]:
        found = [op for op in run.of_kind("softmax") if op.member == "softmax" and self._hidden(op)]
        if not found:
            return
        op = found[0]
        units, gained = output_units(op) or 0, improvement(run)
        factors = known([row for o in found for row in run.rows("gradient", o)], "factor")
        factor = median(factors) if factors else None
        lost = "" if factor is None else f" Here it multiplies the gradient by {say(factor)}."
        more = f" The same holds for {len(found) - 1} more." if len(found) > 1 else ""
        yield self.finding(
            f"A softmax over {units} units stands between layers. Its outputs sum to 1, so each is about "
            f"{say(1 / units)}, and so is its slope.{lost}{more}",
            op=op,
            severity="info"
            if gained > self.learns or run.steps < self.patience
            else "error"
            if gained < self.stuck
            else "warning",
            evidence=[
                Evidence("units that compete for a sum of 1", units, "", "none in a hidden layer", op.first_step),
                Evidence("factor on the gradient", factor, "", "near 1; 1/n by theory at equal scores"),
                Evidence("share of its first value that the loss has lost", gained, "", "rising"),
                *standing(run),
            ],
            advice="Replace the softmax by ReLU or its kin; keep softmax for the output, or leave it to the loss.",
            certainty=0.8,
            rivals=(
                Rival(
                    "none",
                    "If the shares are meant as weights of a mixture whose parts are that layer's columns, this is a "
                    "look-up and may stay; the gradient's factor still holds.",
                ),
            )
            if gained > self.stuck
            else (),
        )

    def _hidden(self, op: Op) -> bool:
        """True when it runs over the units of a layer and its values go into layers alone."""
        axis = int(op.options.get("dim", -1)) % max(1, len(op.shape))
        if (output_units(op) or 0) < self.least or axis not in (1, len(op.shape) - 1):
            return False
        before = [b for b in sources(op) if b.parameters and b.kind in (*PARAMETRIC, "normalisation", "arithmetic")]
        readers, seen = list(op.consumers), {op.id}
        layers = 0
        for reader in readers:
            if reader.id in seen:
                continue
            seen.add(reader.id)
            if reader.kind in KEPT:
                readers += reader.consumers
            elif reader.kind in PARAMETRIC and reader.parameters and data_inputs(reader):
                layers += 1
            else:
                return False
        return bool(before) and layers > 0
