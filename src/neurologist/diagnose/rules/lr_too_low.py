"""Steps so small that nothing is learnt in the time given."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from neurologist.diagnose.dynamics import promises, standing
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import curve, guessing, improvement, known, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run

PROMISED = "loss that all steps together promise to take away, over the loss"


class LrTooLow(Rule):
    """The optimizer's steps are too small for the length of the run.

    What it is:
        Gradients arrive, but each step moves the weights so little that the whole run hardly changes them.

    Why it is bad:
        The loss creeps; the run ends long before the network has learnt what it could.

    How it is seen:
        The median update-to-weight ratio times the number of steps, which bounds how far the weights came, is small,
        while gradients are not zero, the loss has hardly moved, and it still is about that of guessing. What all
        steps together promise to take away, slope times change, is not the whole loss either: even on a plane, where
        every promise is kept, the run would have ended before it got anywhere.

    How it is cured:
        Ten times the learning rate, or Adam with its default of 0.001; more epochs if the steps are of usual size.

    Sources:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, section 4.7.
    """

    slug, code = "lr-too-low", "NL502"
    cause, stage = "lr_too_low", Stage.STEP
    severity = "warning"
    treatments = ("raise-lr", "adam", "longer")
    tiny = 5e-4  # median update-to-weight ratio; about 0.001 is usual
    moved = 0.1  # ratio times steps: with steps of usual size, the run ended before the weights had gone anywhere
    gained = 0.2  # share of the loss taken away beyond which the run does learn
    untrained = 0.5  # of the loss of guessing: below it the network knows something already, and slows down rightly
    enough = 2.0  # times the loss that all steps together promise to take away: beyond, they are not too small
    least = 30  # steps before anything can be said

    def check(self, run: Run) -> Iterable[Finding]:
        weights = [p for p in run.parameters.values() if len(p.shape) > 1 and p.optimizer is not None]
        ratios = [r for p in weights for r in known(run.rows("weights", p), "ratio") if 0 < r < float("inf")]
        values = curve(run)
        if not ratios or len(values) < self.least or improvement(run) > self.gained:
            return
        typical = median(ratios)
        path = typical * run.steps
        still = path < (1.0 if typical < self.tiny else self.moved)
        chance = guessing(run)
        if not still or chance is None or values[-1] < self.untrained * chance:
            return
        shares = list(promises(run).values())
        promised = median(shares) * run.steps if shares else None
        if promised is not None and promised > self.enough:
            return
        optimizer = next(iter(run.optimizers.values()), None)
        yield self.finding(
            f"In {run.steps} steps the loss went from {say(values[0])} to {say(values[-1])}. One step changes the "
            f"weights by {say(100 * typical)} % of their size, so the run moved them by at most {say(100 * path)} %."
            + (f" The optimizer is {optimizer}." if optimizer else ""),
            evidence=[
                Evidence("median update-to-weight ratio", typical, "", "about 0.001"),
                Evidence("ratio times steps", path, "", "above 1 for a network that learns from scratch"),
                *([] if promised is None else [Evidence(PROMISED, promised, "", "above 1")]),
                Evidence("share of its first value that the loss has lost", improvement(run), "", "rising"),
                *standing(run),
            ],
            advice="Raise the learning rate tenfold and look again, or use Adam with lr=0.001; train longer if the "
            "steps are of usual size.",
            op=optimizer,
            certainty=0.8,
            rivals=(
                Rival(
                    "too_few_epochs",
                    "Try 10 steps at ten times the learning rate: if the loss falls about ten times as fast, the rate "
                    "was too low; if it jumps, the rate is right and the run too short.",
                ),
            ),
        )
