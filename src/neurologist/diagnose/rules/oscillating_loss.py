"""A loss that swings instead of settling, because steps go past the lowest point."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median

from neurologist.diagnose.dynamics import bends, decline, end, promises, swing
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import curve, guessing, say, went_nonfinite
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class OscillatingLoss(Rule):
    """Steps go past the lowest point on their way, so the loss swings and settles above it.

    What it is:
        A step follows the slope at its start. Where the surface bends up on the way, the lowest point comes before
        the step's end, and beyond it the loss rises again; the next step goes back over it.

    Why it is bad:
        The network bounces between the walls of a valley whose floor it never reaches: the loss comes to stand at a
        height that the size of the steps decides, not the data.

    How it is seen:
        Slope times change is what a step promises to take away from the loss. No loss of the usual kinds is below 0,
        and on a quadratic surface a step that promises more than twice the loss goes past the lowest point, one that
        promises more than four times the loss makes it rise. Most late steps promise more than twice the loss, while
        the loss hardly falls though there is some left. Where two steps in a row were examined, the slope along
        the first has changed its sign at its end.

    How it is cured:
        A third of the learning rate, or a schedule that lowers it as the loss falls; larger batches, where the swings
        come from few examples.

    Sources:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, Efficient BackProp, 1998, sections 4.6 and 5.
        The bounds 2 and 4 follow from the inequality of Cauchy and Schwarz for a positive semidefinite curvature.
    """

    slug, code = "oscillating-loss", "NL506"
    cause, stage = "lr_too_high", Stage.STEP
    severity = "warning"
    treatments = ("lower-lr", "anneal")
    past = 2.0  # times the loss that a step promises: beyond, it goes past the lowest point of a quadratic surface
    rises = 4.0  # the same beyond which the loss rises
    left = 0.05  # share of the loss of guessing below which what is left is not worth a warning
    slow = 0.2  # share of the loss that the last quarter took away: less is little beside what steps promise
    least = 30  # steps before a loss can have settled
    samples = 3  # late samples that must have been seen

    def check(self, run: Run) -> Iterable[Finding]:
        values, chance = curve(run), guessing(run)
        if len(values) < self.least or chance is None or went_nonfinite(run) is not None:
            return
        late = [share for step, share in promises(run).items() if step >= run.steps // 2]
        level = fmean(end(run))
        if (
            len(late) < self.samples
            or median(late) <= self.past
            or level < self.left * chance
            or decline(run) > self.slow
        ):
            return
        typical, turned = median(late), bends(run)
        optimizer = next(iter(run.optimizers.values()), None)
        beyond = "the loss then rises" if typical > self.rises else "the loss is rising again at the end of the step"
        yield self.finding(
            f"The loss hardly falls: it swings around {say(level)}, by {say(swing(run))} from one step to the next. "
            f"A step promises to take away {say(typical)} times the loss; beyond {say(self.past)} times it goes past "
            f"the lowest point on its way, and {beyond}." + (f" The optimizer is {optimizer}." if optimizer else ""),
            op=optimizer,
            evidence=[
                Evidence("loss that a late step promises to take away, over the loss", typical, "", "below 1"),
                *_turn(turned),
                Evidence("median change of the loss from step to step", swing(run), "", f"well below {say(level)}"),
            ],
            advice="Lower the learning rate: try a third of it, or a schedule that lowers it as training goes on.",
            certainty=0.9 if typical > self.rises else 0.8,
            rivals=(
                Rival(
                    "corrupted_labels",
                    "Go on for 50 steps with a tenth of the learning rate: if the loss stays where it is, it is not "
                    "the steps that hold it there.",
                ),
            ),
        )


def _turn(turned: list[float]) -> list[Evidence]:
    name = "slope along a step at its end, over that at its start"
    return [Evidence(name, median(turned), "", "from 0 to 1")] if turned else []
