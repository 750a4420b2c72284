"""Steps so large that the loss rises, jumps or gets stuck."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median

from neurologist.diagnose.dynamics import bends, promises, ratios
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import curve, falling, guessing, improvement, say, went_nonfinite
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class LrTooHigh(Rule):
    """The optimizer's steps are too large for the loss surface.

    What it is:
        One step changes the weights so much that the loss beyond it is no longer what the gradient promised.

    Why it is bad:
        The loss jumps, swings from step to step or runs away to infinity; units are thrown into regions where they
        are dead or saturated, and stay there.

    How it is seen:
        The loss rises far above its first value, or ends no lower than it began, while single updates are as large
        as a sizeable share of the weights. Neither sign alone is enough: small networks learn with large ratios.
        What needs no such yardstick is the slope along the step: where a step promises to take away more than four
        times the whole loss, the loss beyond it must be higher on any quadratic surface that is never below 0.

    How it is cured:
        A tenth of the learning rate; then a warm-up or a schedule. Clipping limits single outliers only.

    Sources:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, section 4.7.
        L. Smith, Cyclical Learning Rates for Training Neural Networks, 2017.
    """

    slug, code = "lr-too-high", "NL501"
    cause, stage = "lr_too_high", Stage.STEP
    explains = frozenset(
        {
            "dead-units",
            "saturated-units",
            "non-finite",
            "exploding-gradient",
            "vanishing-gradient",
            "oscillating-loss",
        }
    )
    treatments = ("lower-lr",)
    jump = 3.0  # times the first loss: no healthy batch differs that much
    large = 0.05  # median update-to-weight ratio; about 0.001 is usual, 0.02 a brisk Adam start
    enormous = 0.5  # a single update that replaces half a weight matrix
    gained = 0.1  # share of the loss that training must take away to count as learning
    rises = 4.0  # times the loss that a step promises to take away: beyond, the loss rises on a quadratic surface
    learnt = 0.5  # share of the loss taken away beyond which the network evidently learns
    far = 2.0  # times the loss of guessing: a first loss beyond it speaks for the initial weights too
    least = 5  # losses seen
    patience = 20  # steps after which a loss that is no lower says something

    def check(self, run: Run) -> Iterable[Finding]:
        values = curve(run)
        moves, promised = ratios(run, still=True), list(promises(run).values())
        broken = went_nonfinite(run)
        if not values or not moves or (len(values) < self.least and broken is None):
            return
        start, peak, gained = fmean(values[:3]) if broken is None else values[0], max(values), improvement(run)
        typical, largest = median(moves), max(moves)
        ran_away = broken is not None and peak > self.jump * abs(start)
        chance = guessing(run)  # a loss of unknown kind, as a policy's, may jump or rise without meaning anything
        jumped = chance is not None and peak > self.jump * max(chance, abs(values[0])) and largest > self.large
        wild = typical > self.large or largest > self.enormous
        wild &= chance is not None or largest > self.enormous
        useless = wild and gained < self.gained and run.steps >= self.patience and not falling(run)
        overshoots = chance is not None and len(promised) >= self.least and median(promised) > self.rises
        learnt = gained > self.learnt and broken is None
        if learnt or not (ran_away or useless or overshoots or jumped):
            return
        optimizer = next(iter(run.optimizers.values()), None)
        end = "NaN or infinity" if broken is not None else say(fmean(values[-5:]))
        yield self.finding(
            f"The loss went from {say(values[0])} to {end}, with a peak of {say(peak)}, while one step changed a "
            f"weight matrix by up to {say(100 * largest)} % of its size (median {say(100 * typical)} %)."
            + (f" The optimizer is {optimizer}." if optimizer else ""),
            evidence=[
                *self._slopes(run, promised),
                Evidence("largest update-to-weight ratio", largest, "", "about 0.001 to 0.02"),
                Evidence("median update-to-weight ratio", typical, "", "about 0.001"),
                Evidence(
                    "peak of the loss over its first value", peak / abs(values[0]) if values[0] else None, "", "below 2"
                ),
            ],
            since=broken or 0,
            advice="Lower the learning rate: try a tenth of it.",
            op=optimizer,
            certainty=0.9 if ran_away or overshoots else 0.8,
            rivals=self._rivals(values[0], chance),
        )

    def _slopes(self, run: Run, promised: list[float]) -> list[Evidence]:
        found = []
        if promised:
            name = "loss that a step promises to take away, over the loss"
            found.append(Evidence(name, median(promised), "", f"below 1; beyond {say(self.rises)} the loss rises"))
        if turned := bends(run):
            name = "slope along a step at its end, over that at its start"
            found.append(Evidence(name, median(turned), "", "from 0 to 1"))
        return found

    def _rivals(self, start: float, chance: float | None) -> tuple[Rival, ...]:
        if chance is None or start <= self.far * chance:
            return ()
        return (
            Rival(
                "bad_init",
                f"The first loss is {say(start)}, where guessing gives {say(chance)}. Try 10 steps at a tenth of the "
                "learning rate: if the loss falls to that of guessing and stays there, look at the initial weights.",
            ),
        )
