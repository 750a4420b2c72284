"""Targets that the inputs do not tell."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median

from neurologist.diagnose.dynamics import agreement, blind, coherence, decline, distance, end, flat, promises, reads
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.gradients import reach
from neurologist.diagnose.reading import curve, layers, losses, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class UnrelatedLabels(Rule):
    """Everything works, and yet nothing is learnt beyond how often each target occurs.

    What it is:
        The gradient arrives, the steps are of usual size, the network has moved far from where it started, and its
        loss stands exactly where the best answer stands that never looks at the input. Usual reasons: labels shuffled
        apart from their inputs, a sort or a join that broke the pairing, the wrong column, features without
        information.

    Why it is bad:
        There is nothing to be learnt from such pairs but the frequencies. Later the network learns them by heart.

    How it is seen:
        The loss of the last quarter lies within a few per cent of the entropy of the labels' frequencies, or of the
        targets' variance, and has stopped falling, while update-to-weight ratio times steps is above 1, the gradient
        reaches the first layers and the inputs differ. Examples that disagree about where to go, by the norms of
        their single gradients, speak for it.

    How it is cured:
        Look at ten examples with their labels. Then train on 50 of them until the loss is near 0: where even that
        fails, the network or the step is at fault; where it succeeds, and the whole set fails, the labels are.

    Sources:
        C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, Understanding Deep Learning Requires Rethinking
        Generalization, 2017.
        D. Arpit et al., A Closer Look at Memorization in Deep Networks, 2017.
    """

    slug, code = "unrelated-labels", "NL207"
    cause, stage = "corrupted_labels", Stage.STEP  # last: it is what remains where nothing else is at fault
    severity, by_exclusion = "warning", True
    of_data = True
    outside = "which label belongs to which input is not in the batches; mend it where the pairs are made"
    near = (0.95, 1.1)  # times the loss of the best blind answer: batches scatter, and steps add a little
    moved = 1.0  # update-to-weight ratio times steps: the weights have gone their own length
    arrives = -2.0  # decades from the last layers to the first
    kept = 0.1  # times the loss that all steps together promised to take away: enough to have left the floor
    differ = 0.05  # share of what the first layers read that differs between examples
    slow = 0.03  # share of the loss that the last quarter took away
    least = 100  # steps

    def check(self, run: Run) -> Iterable[Finding]:
        floor = blind(run)
        if floor is None or floor <= 0 or len(losses(run)) != 1 or len(curve(run)) < self.least or self._falls(run):
            return
        level, shares, reached = fmean(end(run)), list(promises(run).values()), reach(run)
        if not self.near[0] * floor <= level <= self.near[1] * floor or distance(run) < self.moved or not shares:
            return
        if (reached is not None and reached < self.arrives) or median(shares) * run.steps < self.kept:
            return
        if (different := self._differ(run)) is None or different < self.differ:
            return
        compared = [coherence(row) for row in agreement(run)[-3:]]
        yield self.finding(
            f"After {run.steps} steps of usual size the loss stands at {say(level)}, where the best answer stands that "
            f"never looks at the input ({say(floor)}), and no longer falls. The gradient arrives everywhere and the "
            "weights have moved far, so the inputs may not tell these targets.",
            op=losses(run)[0],
            evidence=[
                Evidence("last loss over that of the best blind answer", level / floor, "", "below 0.9"),
                Evidence("update-to-weight ratio times steps", distance(run), "", "above 1 when trained"),
                Evidence("share of the inputs that differs between examples", different, "share", "above 0.1"),
                *([Evidence(AGREE, median(compared), "", "1 where none agree")] if compared else []),
            ],
            advice="Print ten inputs beside their labels as they enter the loss. Then train on 50 examples only: if "
            "the loss goes to 0 there, look for what broke the pairs; if not, for the network or the step.",
            certainty=0.5,
            rivals=(
                Rival(
                    "lr_too_high",
                    "Try 50 steps at a tenth of the learning rate: if the loss falls below "
                    f"{say(floor)}, the steps were too large to find anything.",
                ),
                Rival(
                    "capacity_too_small",
                    "Train on 50 examples with layers twice as wide: if only then the loss goes to 0, the network "
                    "was too small.",
                ),
            ),
        )

    def _falls(self, run: Run) -> bool:
        """Whether the loss falls by more than learning single examples by heart takes away."""
        return not flat(run) and decline(run) > self.slow

    def _differ(self, run: Run) -> float | None:
        found = [share for op in layers(run) if (share := reads(run, op, "examples")) is not None]
        return max(found, default=None)  # what an embedding reads is not measured: the layer behind it is


AGREE = "square of the batch's gradient, over that of examples that do not agree"
