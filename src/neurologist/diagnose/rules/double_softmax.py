"""A softmax in front of a loss that applies one itself."""

from __future__ import annotations

import math
from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import curve, say, sources
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class DoubleSoftmax(Rule):
    """A softmax is applied to what is a softmax's output already.

    What it is:
        `cross_entropy` takes logits and applies log-softmax itself. When the model ends in a softmax, the loss sees
        probabilities as if they were logits.

    Why it is bad:
        Probabilities differ by at most 1, so the second softmax can never be sure: with K classes its largest
        probability is e / (e + K - 1), and the loss cannot fall below log(1 + (K - 1)/e), which is 1.461 for
        K = 10 even when every answer is right. The gradient is about a tenth of what it should be.

    How it is seen:
        On the tape a log-softmax reads directly from a softmax.

    How it is cured:
        Remove the softmax and hand the logits to the loss. Apply softmax only where probabilities are shown.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 6.2.2.3.
        The floor follows from putting a one-hot vector through softmax.
    """

    slug, code, cause, stage = "double-softmax", "NL101", "double_softmax", Stage.OBJECTIVE
    explains = frozenset(
        {"vanishing-gradient", "lr-too-low", "stopped-too-early", "activation-before-logits-loss", "saturated-units"}
    )
    treatments = ("remove-activation",)

    def check(self, run: Run) -> Iterable[Finding]:
        for outer in run.of_kind("softmax"):
            inner = next((op for op in sources(outer) if op.member == "softmax"), None)
            if outer.member != "log_softmax" or inner is None:
                continue
            classes = outer.shape[int(outer.options.get("dim", -1))] if outer.shape else 0
            if classes < 2:
                continue  # a softmax over one unit is another fault
            floor = math.log(1 + (classes - 1) / math.e)
            seen = min(curve(run), default=math.nan)
            loss = outer.function or "the loss"
            yield self.finding(
                f"{loss} applies softmax itself, and here it is given the output of a softmax. With {classes} classes "
                f"the loss can then never fall below {say(floor)}, however well the network learns; the lowest seen "
                f"was {say(seen)}.",
                op=inner,
                advice=f"Remove this softmax and give {loss} the logits.",
                evidence=[
                    Evidence("lowest loss seen", seen, "nats", "near 0 on data that can be learnt"),
                    Evidence(f"lowest loss possible with {classes} classes behind two softmaxes", floor, "nats", "0"),
                ],
            )
