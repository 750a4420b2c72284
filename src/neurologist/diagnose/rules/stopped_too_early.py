"""Training that ended while the network had learnt nothing yet, and was learning."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import sqrt
from statistics import fmean, median, stdev

from neurologist.diagnose.dynamics import ratios, standing
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import curve, guessing, improvement, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class StoppedTooEarly(Rule):
    """Training ended before the network knew more than a guess, though the loss was falling.

    What it is:
        Gradients arrive, steps are of usual size, and the loss goes down from step to step; there were too few steps.

    Why it is bad:
        The network that is kept is hardly another than the one that was drawn at random.

    How it is seen:
        The program ended by itself. The last losses are not better than guessing (the logarithm of the number of
        classes, or the targets' variance), yet clearly below the first ones. The median update-to-weight ratio is
        usual, and times the number of steps it is below 1: the weights have not gone the length of themselves.
        A few slow steps look like a learning rate that is too small; ten steps with ten times the rate would tell.

    How it is cured:
        More epochs: ten times as many, then look again. Smaller batches give more steps per epoch.

    Sources:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, section 4.7.
        N. Humbatova, G. Jahangirova, P. Tonella, DeepCrime: mutation testing of deep learning systems, 2021.
    """

    slug, code = "stopped-too-early", "NL505"
    cause, stage = "too_few_epochs", Stage.STEP
    severity = "warning"
    of_data = True
    treatments = ("longer", "raise-lr")
    usual = 5e-4  # median update-to-weight ratio from which steps are of usual size; about 0.001 is
    way = 1.0  # ratio times steps: below it the weights have not gone the length of themselves
    gained = 0.3  # share of the loss taken away beyond which the run does learn
    guess = 0.9  # of the loss of guessing: above it the network knows nothing to speak of
    least = 8  # steps, below which a fall cannot be told from noise
    clear = 3.0  # standard errors by which the second half of the losses lies below the first

    def check(self, run: Run) -> Iterable[Finding]:
        values, chance = curve(run), guessing(run, centred=True)
        if run.meta.get("status") != "finished" or len(values) < self.least or chance is None:
            return
        if len(run.optimizers) > 1:  # adversaries: a loss near that of guessing is where both want it
            return
        moves = ratios(run)
        typical = median(moves) if moves else 0.0
        path = typical * run.steps
        end = fmean(values[-max(2, len(values) // 10) :])
        usual = typical >= self.usual and path < self.way
        if not usual or end < self.guess * chance or improvement(run) > self.gained or not self._falls(values):
            return
        yield self.finding(
            f"Training ended after {run.steps} steps, while the loss was still falling: from {say(values[0])} to "
            f"{say(end)}, where guessing gives {say(chance)}. The steps are of usual size, {say(100 * typical)} % of "
            f"the weights each, so the run moved them by at most {say(100 * path)} %.",
            evidence=[
                Evidence("steps", run.steps, "", f"{round(self.way / typical)} for weights to go their own length"),
                Evidence("last loss", end, "", f"well below {say(chance)}, the loss of guessing"),
                Evidence("median update-to-weight ratio", typical, "", "about 0.001"),
                *standing(run),
            ],
            advice="Train ten times as long and look again. If the loss then creeps, raise the learning rate. (For a "
            "look at the first steps of a long run: watch(steps=...) or run --steps.)",
            certainty=0.6,
            rivals=(
                Rival(
                    "lr_too_low",
                    "From so few steps the two cannot be told apart. Try 10 steps at ten times the learning rate: if "
                    "the loss falls about ten times as fast, it was the rate; if it jumps, it is the length.",
                ),
            ),
        )

    def _falls(self, values: list[float]) -> bool:
        """Whether the second half lies below the first by more than the scatter from step to step allows."""
        half = len(values) // 2
        first, second = values[:half], values[-half:]
        scatter = stdev([b - a for part in (first, second) for a, b in pairwise(part)]) / sqrt(2)
        return fmean(first) - fmean(second) > self.clear * scatter * sqrt(2 / half)
