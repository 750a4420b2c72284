"""The same label for every example."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import feeds, known, losses, say, targets
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class ConstantTargets(Rule):
    """Every example that was seen has the same class.

    What it is:
        The class labels that reach the loss are all the same, though the network has an output for each of several
        classes. Usual reasons: labels scaled or cast to integers along with the inputs, a wrong column, data sorted
        by class and only the first part used.

    Why it is bad:
        The loss falls to zero at once, because always saying that class is perfect on these labels.

    How it is seen:
        One distinct label over all samples, with several outputs in a linear layer before the loss.

    How it is cured:
        Look at the labels where they are made, and keep them out of any scaling.

    Sources:
        Stack Overflow question 59325381, where the labels were divided by 255 together with the pixels.
    """

    slug, code = "constant-targets", "NL202"
    cause, stage = "corrupted_labels", Stage.DATA
    outside = "what the labels said is lost before they reach the loss; mend it where they are loaded"
    explains = frozenset({"vanishing-gradient", "dead-units", "saturated-units", "unscaled-input"})
    least = 32  # labels seen before constancy means something

    def check(self, run: Run) -> Iterable[Finding]:
        for loss in losses(run):
            rows = targets(run, loss)
            if loss.facts.get("target_kind") != "class_index" or not rows:
                continue
            outputs = max(known(rows, "outputs"), default=0)
            labels = set(known(rows, "low")) | set(known(rows, "high"))
            from_layer = any(op.kind == "linear" for op in feeds(loss))  # contrastive losses compare with label 0
            if outputs < 2 or len(labels) != 1 or not from_layer or sum(known(rows, "rows")) < self.least:
                continue
            yield self.finding(
                f"Every label that reached the loss is {say(labels.pop())}, in all {len(rows)} batches looked at, "
                f"though the network has {outputs} outputs. It only has to learn to say that one class.",
                op=loss,
                advice="Print the labels where they are loaded: they may have been scaled or cast with the inputs.",
                evidence=[Evidence("distinct labels seen", 1, "", f"about {outputs}")],
            )
