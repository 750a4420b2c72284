"""A gradient that does not reach back to the first time steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10
from statistics import median

from neurologist.diagnose.dynamics import distance, end, flat, standing
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import curve, data_inputs, guessing, improvement, say, weight
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Parameter, Run


@dataclass(frozen=True)
class Chain:
    """One weight read again and again along a path: its reader at each time step, the first step first."""

    parameter: Parameter
    readers: list[Op]


class GradientThroughTime(Rule):
    """In a recurrent network the gradient has died before it reaches the first time steps.

    What it is:
        Going back through time, each step multiplies the gradient by the same recurrent weight and by the slope of
        the activation. PyTorch's default weights and a tanh make that about a half, so twenty steps leave a millionth.

    Why it is bad:
        The network cannot learn that something early matters later, however long it trains: it only sees the last
        few steps.

    How it is seen:
        On the tape one weight is read once per time step, each reading depending on the one before. The gradient that
        arrives at each of them is measured; between the last steps and the first it falls by orders of magnitude,
        while the loss stands still though the weights moved far. Layers that run in one fused call, as nn.LSTM does,
        cannot be looked into.

    How it is cured:
        A gated cell, LSTM or GRU, with the forget gate's bias at 1 or more; attention over all states, or a mean of
        them, instead of the last state alone; an orthogonal recurrent weight; shorter sequences.

    Sources:
        S. Hochreiter, J. Schmidhuber, Long Short-Term Memory, 1997.
        R. Pascanu, T. Mikolov, Y. Bengio, On the Difficulty of Training Recurrent Neural Networks, 2013.
        R. Jozefowicz, W. Zaremba, I. Sutskever, An Empirical Exploration of Recurrent Network Architectures, 2015.
    """

    slug, code = "gradient-through-time", "NL610"
    cause, stage = "recurrent_depth", Stage.ARCHITECTURE
    explains = frozenset({"vanishing-gradient", "lr-too-low", "stopped-too-early", "saturated-units"})
    treatments = ("gated-cell",)
    least = 8  # time steps
    lost = -3.0  # decades: the first time step gets a thousandth of what the last one gets
    share = 0.5  # of the time steps that get less than a thousandth: a few at the far end may be no loss
    learns = 0.5  # share of the loss of guessing below which the network evidently learns
    stuck = 0.15  # share of the loss that training must have taken away to count as moving
    moved = 1.0  # update-to-weight ratio times steps: the weights have gone their own length
    patience = 50  # steps

    def check(self, run: Run) -> Iterable[Finding]:
        chains = sorted(_chains(run, self.least), key=lambda c: -len(c.readers))
        for chain in chains[:1]:
            profile = _profile(run, chain)
            highest = max(profile, default=0.0)
            if not highest or len(profile) < self.least:
                continue
            decades = [log10(size / highest) if size else float("-inf") for size in profile]
            dark = sum(d <= self.lost for d in decades)
            if decades[0] <= self.lost and dark >= self.share * len(decades) and run.steps >= self.patience:
                yield self._found(run, chain, decades, dark)

    def _found(self, run: Run, chain: Chain, decades: list[float], dark: int) -> Finding:
        steps, gained = len(decades), improvement(run)
        fallen = f"{say(-decades[0])} decades" if decades[0] > float("-inf") else "to exactly 0"
        harmed = self._harmed(run)
        per_step = decades[0] / (steps - 1) if decades[0] > float("-inf") else None
        return self.finding(
            f"Over {steps} time steps the gradient falls by {fallen} on its way back: {dark} of them get less than a "
            f"thousandth of what the step gets that gets most, so {chain.parameter.name} learns nothing from them."
            + (f" The loss stands at {say(end(run)[-1])}." if harmed else ""),
            op=chain.readers[-1],
            severity="info" if not harmed else "error" if gained < self.stuck else "warning",
            evidence=[
                Evidence(
                    "decades between the time steps that get most and first", decades[0], "decades", "above -2", 0
                ),
                Evidence("factor per time step", None if per_step is None else 10**per_step, "", "near 1", 0),
                Evidence("time steps with less than a thousandth", dark, f"of {steps}", "0", 0),
                *standing(run),
            ],
            advice="Use a gated cell (LSTM or GRU, forget bias at 1), read a mean of all states or attend to them "
            "instead of the last one, or start the recurrent weight orthogonal.",
            certainty=0.6,
            rivals=(
                Rival(
                    "lr_too_low",
                    "Cut the sequences to their last few steps: if the loss then falls as little, it is not the "
                    "length; look at the learning rate and at the data.",
                ),
            ),
        )

    def _harmed(self, run: Run) -> bool:
        """Whether training came to rest above half of guessing, though the weights moved."""
        chance = guessing(run, centred=True)
        if distance(run) < self.moved or not flat(run) or not curve(run):
            return False
        return improvement(run) < self.stuck if chance is None else median(end(run)) > self.learns * chance


def _chains(run: Run, least: int) -> list[Chain]:
    """Weights that are read at least so often along one path, each with its readers in order of time."""
    weights = {op: p for op in run.of_kind("linear", "conv") if (p := weight(op)) is not None}
    often = {p for p in weights.values() if sum(q is p for q in weights.values()) >= least}
    found = []
    for parameter in often:
        depth: dict[int, int] = {}
        readers: dict[int, Op] = {}
        for op in run.ops:  # forward order: inputs come first
            deepest = max((depth.get(below.id, 0) for below in data_inputs(op)), default=0)
            if weights.get(op) is parameter:
                deepest += 1
                readers.setdefault(deepest, op)
            depth[op.id] = deepest
        if len(readers) >= least:
            found.append(Chain(parameter, [readers[i] for i in sorted(readers)]))
    return found


def _profile(run: Run, chain: Chain, early: int = 5) -> list[float]:
    """Gradient that arrives at each reader, over those that were seen; medians of the first samples."""
    sizes = []
    for op in chain.readers:
        rows = [row["rms_in"] for row in run.rows("gradient", op)[:early] if row["rms_in"] is not None]
        if rows:
            sizes.append(median(rows))
    return sizes
