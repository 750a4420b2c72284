"""Hidden layers of a handful of units, and a loss that stands still above 0."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median

from neurologist.diagnose.dynamics import decline, distance, end, promises
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import curve, guessing, is_last_layer, layers, output_units, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class CapacityTooSmall(Rule):
    """The network may be too small for what it is to learn.

    What it is:
        All hidden layers together have a handful of units: what they can tell apart is a handful of straight cuts.

    Why it is bad:
        The loss comes to stand where the few units have done what they can. In narrow networks training also comes
        to rest in poor places more often, because few units offer few ways out.

    How it is seen:
        No hidden layer has more than a few units, the loss has stopped falling well above 0 though the weights moved
        far, and the steps do not overshoot. That the data cannot be fitted better by anything looks the same, so this
        is never certain.

    How it is cured:
        Four times the units, then look at the training loss again.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 5.2, on capacity and underfitting.
        G. Montufar, R. Pascanu, K. Cho, Y. Bengio, On the Number of Linear Regions of Deep Neural Networks, 2014.
    """

    slug, code = "capacity-too-small", "NL508"
    cause, stage = "capacity_too_small", Stage.STEP  # after what is surer
    severity, by_exclusion = "warning", True
    treatments = ("wider",)
    few = 4  # units in the widest hidden layer
    left = 0.2  # share of the loss of guessing that is left when training has come to rest
    moved = 1.0  # update-to-weight ratio times steps: the weights have gone their own length
    past = 2.0  # times the loss that a step promises: beyond, it is the steps that hold the loss up
    slow = 0.05  # share of the loss that the last quarter took away: less is little
    least = 200  # steps

    def check(self, run: Run) -> Iterable[Finding]:
        values, chance = curve(run), guessing(run, centred=True)
        hidden = self._hidden(run)
        if len(values) < self.least or chance is None or not hidden or decline(run) > self.slow:
            return
        widest = max(output_units(op) or 0 for op in hidden)
        level, shares = fmean(end(run)), list(promises(run).values())
        if widest > self.few or level < self.left * chance or distance(run) < self.moved:
            return
        if not shares or median(shares) > self.past:
            return
        op = max(hidden, key=lambda o: output_units(o) or 0)
        yield self.finding(
            f"The widest hidden layer has {widest} units, and the loss has come to stand at {say(level)}, "
            f"{say(100 * level / chance)} % of that of guessing. The network may be too small for these data.",
            op=op,
            evidence=[
                Evidence("units of the widest hidden layer", widest, "", "tens to thousands"),
                Evidence("last loss over that of guessing", level / chance, "", "near 0 on training data"),
                Evidence("update-to-weight ratio times steps", distance(run), "", "above 1 when trained"),
            ],
            advice="Give the hidden layers four times the units and look at the training loss again.",
            certainty=0.4,
            rivals=(
                Rival("corrupted_labels", "With four times the units, does the loss still stand there? Then the data."),
                Rival("lr_too_low", "Does it fall again with three times the learning rate? Then the step."),
            ),
        )

    def _hidden(self, run: Run) -> list[Op]:
        """Layers with another behind them; [] where something else holds units too: attention, recurrence, images."""
        if any(op.kind in ("conv", "recurrent", "attention", "embedding", "matmul", "unknown") for op in run.ops):
            return []
        return [op for op in layers(run) if not is_last_layer(op)]
