"""A gradient that does not reach the first layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from neurologist.diagnose.expected import against_theory
from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.gradients import Leg, legs, reach, share_of, total
from neurologist.diagnose.reading import improvement, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class VanishingGradient(Rule):
    """The gradient shrinks by orders of magnitude on its way to the first layers.

    What it is:
        Going back from the loss, every op multiplies the gradient by a factor. When most factors are below 1 their
        product is soon nothing: sigmoid's slope is at most 0.25, so five of them lose three decades.

    Why it is bad:
        The first layers get almost no gradient and stay as they were initialised; everything after them works on
        features that were never learnt.

    How it is seen:
        The gradient that arrives at the first layers is compared with what arrives at the last. The factors of the ops
        on the way tell who loses it: whether activations or linear ops lose most of them tells whether the activation
        or the initial weights are the cause.

    How it is cured:
        ReLU or its kin instead of sigmoid and tanh in deep stacks; initial weights with the gain of the activation
        that follows; normalisation; residual connections; for recurrent networks, gates.

    Sources:
        S. Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, 1991.
        X. Glorot, Y. Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks, 2010.
    """

    slug, code = "vanishing-gradient", "NL601"
    cause, stage = "vanishing_gradient", Stage.CONSEQUENCE
    explains = frozenset({"lr-too-low", "stopped-too-early", "saturated-units", "dead-units", "rank-collapse"})
    treatments = ("replace-activation", "re-initialise", "normalise", "residual")
    lost = -3.0  # decades: the first layer gets a thousandth of what the last one gets
    lost_and_stuck = -2.0  # decades that matter when the loss does not move; five healthy default layers lose 1.9
    stuck = 0.15  # share of the loss that training must have taken away to count as moving
    patience = 50  # steps after which a loss that has not moved is stuck
    learns = 0.5  # share of the loss taken away beyond which the network evidently learns

    def check(self, run: Run) -> Iterable[Finding]:
        way, gained, decades = legs(run), improvement(run), reach(run)
        stuck = gained < self.stuck and run.steps >= self.patience
        if not way or decades is None or decades > (self.lost_and_stuck if stuck else self.lost):
            return
        worst = self._worst(way)
        by_activations, by_layers = share_of(way, "activation", "softmax"), share_of(way, "linear", "conv", "matmul")
        cause, stage, advice = self._cause(way, by_activations, by_layers)
        yield self.finding(
            f"Between the last layers and the first the gradient shrinks {say(10**-decades)} times "
            f"({say(-decades)} decades). On the way activations account for {say(-by_activations)} decades, linear and "
            f"convolutional ops for {say(-by_layers)}; the single worst op is the {worst.op.label} "
            f"({say(-worst.decades)} decades).",
            op=worst.op,
            severity="info" if gained > self.learns else "warning" if gained > self.stuck else "error",
            cause=cause,
            stage=int(stage),
            advice=advice,
            evidence=[
                Evidence("decades from the last layers to the first", decades, "decades", "above -2", 0),
                Evidence(f"decades at {worst.op.place}", worst.decades, "decades", "near 0", 0),
                *against_theory(run, way),
                Evidence("share of its first value that the loss has lost", gained, "", "rising"),
            ],
        )

    def _worst(self, way: list[Leg]) -> Leg:
        """The op to name: of the squashing activations where they lose most together, else of all."""
        squashing = [leg for leg in way if leg.op.kind == "activation" and _squashes(leg)]
        lost_there = sum(leg.decades for leg in squashing)
        return min(squashing if squashing and lost_there < 0.5 * total(way) else way, key=lambda leg: leg.decades)

    def _cause(self, way: list[Leg], by_activations: float, by_layers: float) -> tuple[str, Stage, str]:
        bounded = [leg.op.member for leg in way if leg.op.kind == "activation" and _squashes(leg)]
        if bounded and by_activations < by_layers:
            name, count = Counter(bounded).most_common(1)[0]
            return (
                "wrong_hidden_activation",
                Stage.ARCHITECTURE,
                f"Replace {name} in the hidden layers ({count} of them) by ReLU or its kin; keep it for outputs.",
            )
        return (
            "bad_init",
            Stage.START,
            "Initialise the weights with the gain of the activation that follows (torch.nn.init.kaiming_normal_ for "
            "ReLU), or put a normalisation after each layer.",
        )


def _squashes(leg: Leg) -> bool:
    """True for activations that are bounded on both sides, and so flat in both tails."""
    low, high = leg.op.facts.get("range", (None, None))
    return low is not None and high is not None
