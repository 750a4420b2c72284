"""Inputs above 0 that push all weights of a unit the same way."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import known, layers, say, sources, weight
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class OneSignedInputs(Rule):
    """A layer's inputs are never below 0, and so all weights of a unit move in the same direction.

    What it is:
        The gradient of a unit's weights is its own error times its inputs, added up over the batch. When no input is
        below 0, as after a sigmoid or with pixels from 0 to 1, and the examples push the unit the same way, all its
        weights get a gradient of one sign.

    Why it is bad:
        In one step the weights can only grow together or shrink together, so that the way to weights of mixed signs
        is a zigzag of many steps. It slows training down; it does not stop it.

    How it is seen:
        The signs are counted: in most samples nearly all units of a layer have gradients of a single sign, and what
        the layer reads is never below 0. Inputs above 0 alone prove nothing; with large batches signs are mixed.

    How it is cured:
        Subtract the mean from the inputs; tanh, which lies around 0, instead of sigmoid; a normalisation before the
        layer; larger batches.

    Sources:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, section 4.3.
    """

    slug, code = "one-signed-inputs", "NL612"
    cause, stage = "one_signed_inputs", Stage.DATA
    severity = "info"
    treatments = ("standardise-input",)
    most = 0.9  # share of a layer's units whose gradients have a single sign, in the median sample
    least = 3  # samples
    units = 4  # of a layer: fewer may agree by chance

    def check(self, run: Run) -> Iterable[Finding]:
        for op in layers(run):
            parameter = weight(op)
            rows = run.rows("signs", parameter) if parameter is not None else []
            shares = known(rows, "one_signed")
            if parameter is None or parameter.shape[0] < self.units or len(shares) < self.least:
                continue
            if median(shares) < self.most or (low := self._lowest(run, op)) is None or low < 0:
                continue
            yield self.finding(
                f"{op.place} reads nothing below 0 (the smallest was {say(low)}), and in {say(100 * median(shares))} % "
                "of its units all weights got a gradient of the same sign: in one step they can only grow together or "
                "shrink together.",
                op=op,
                evidence=[
                    Evidence("units whose gradient has one sign", median(shares), "share", "near 0"),
                    Evidence("smallest input", low, "", "below 0"),
                ],
                advice="Subtract the mean from what enters, use tanh instead of sigmoid before it, or normalise.",
            )
            return

    def _lowest(self, run: Run, op: Op) -> float | None:
        """The smallest number that a layer reads, where it was measured."""
        entering = known(run.rows("input", op), "low")
        before = [low for below in sources(op) for low in known(run.rows("activation", below), "low")]
        return min([*entering, *before], default=None)
