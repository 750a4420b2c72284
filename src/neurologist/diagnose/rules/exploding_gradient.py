"""A gradient that grows on its way to the first layers."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.expected import against_theory
from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.gradients import Leg, legs, reach, total
from neurologist.diagnose.reading import improvement, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run

STEEP = frozenset({"Exp", "Exp2", "Expm1", "Sinh", "Cosh", "Pow", "Square", "Mul"})  # slopes that grow with the input


class ExplodingGradient(Rule):
    """The gradient grows by orders of magnitude on its way to the first layers.

    What it is:
        Going back from the loss, most ops multiply the gradient by more than 1, and the product grows with depth.

    Why it is bad:
        The first layers are thrown far away by one step; the loss jumps, and soon something overflows.

    How it is seen:
        The gradient that arrives at the first layers is compared with what arrives at the last. The op on the way that
        adds the most decides the cause: a layer (weights too large) or an activation whose slope grows without bound.

    How it is cured:
        Initial weights with the gain of the activation that follows; an activation with bounded slope;
        normalisation; clipping as a stopgap.

    Sources:
        R. Pascanu, T. Mikolov, Y. Bengio, On the Difficulty of Training Recurrent Neural Networks, 2013.
    """

    slug, code = "exploding-gradient", "NL602"
    cause, stage = "exploding_gradient", Stage.CONSEQUENCE
    explains = frozenset({"lr-too-high", "non-finite", "saturated-units"})
    treatments = ("re-initialise", "replace-activation", "normalise", "clip-gradient")
    won = 3.0  # decades: the first layer gets a thousand times what the last one gets
    learns = 0.5  # share of the loss taken away beyond which the network evidently learns

    def check(self, run: Run) -> Iterable[Finding]:
        way, decades = legs(run), reach(run)
        steep = [leg for leg in way if leg.op.kind == "arithmetic" and leg.op.name in STEEP]
        grows = decades is not None and decades >= self.won
        if not way or not (grows or self._overflows(run, way, steep)):
            return
        decades = total(way) if decades is None else decades
        worst = max(way, key=lambda leg: leg.decades)
        unbounded = steep and sum(leg.decades for leg in steep) > 0.5 * total(way)
        cause, stage = ("wrong_hidden_activation", Stage.ARCHITECTURE) if unbounded else ("bad_init", Stage.START)
        op = steep[0].op if unbounded else worst.op
        if not unbounded and not self._from_the_start(run):
            cause, stage = "lr_too_high", Stage.CONSEQUENCE
        yield self.finding(
            f"Between the last layers and the first the gradient grows {say(10**decades)} times "
            f"({say(decades)} decades); the op that adds the most is the {worst.op.label} ({say(worst.decades)}).",
            op=op,
            severity="info" if improvement(run) > self.learns else "error",
            cause=cause,
            stage=int(stage),
            advice=f"Replace {op.name.lower()} as an activation: its slope grows with its input. Use ReLU."
            if unbounded
            else "At the first step it was not so: the steps have made it. Lower the learning rate."
            if cause == "lr_too_high"
            else "Start with smaller weights, with the gain of the activation that follows, or normalise each layer.",
            evidence=[
                Evidence("decades from the last layers to the first", decades, "decades", "below 2", 0),
                Evidence(f"decades at {worst.op.place}", worst.decades, "decades", "near 0", 0),
                *against_theory(run, way),
            ],
        )

    def _from_the_start(self, run: Run) -> bool:
        first = reach(run, early=1)
        return first is None or first >= self.won / 2

    def _overflows(self, run: Run, way: list[Leg], steep: list[Leg]) -> bool:
        """A steep op that stands in several layers, in a run whose numbers overflowed."""
        return len(steep) > 1 and any(loss is None for _, loss in run.losses)
