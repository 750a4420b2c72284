"""A loss that is climbed instead of descended."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import curve, losses, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class GradientAscent(Rule):
    """The sign of the loss or of the update is wrong, so training makes the error grow.

    What it is:
        `.backward()` is called on the negative of a loss, or the optimizer was told to maximise.

    Why it is bad:
        Every step makes the predictions worse; cross-entropy and squared error have no upper bound, so it never ends.

    How it is seen:
        On the tape the only loss is negated an odd number of times before its root, or the optimizer's `maximize`
        is on. A loss that another backward pass descends, as in adversarial training, is left alone.

    How it is cured:
        Remove the minus sign, or `maximize=True`.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 4.3.
    """

    slug, code = "gradient-ascent", "NL504"
    cause, stage = "flipped_gradient_sign", Stage.OBJECTIVE
    explains = frozenset(
        {"lr-too-high", "exploding-gradient", "dead-units", "non-finite", "vanishing-gradient", "saturated-units"}
    )
    treatments = ("flip-sign",)

    def check(self, run: Run) -> Iterable[Finding]:
        signs = [(loss, sign) for loss in losses(run) if (sign := self._sign(loss)) is not None]
        maximising = any(o.options.get("maximize") for o in run.optimizers.values())
        climbed = [loss for loss, sign in signs if (sign < 0) != maximising]
        if not climbed or len(climbed) < len(signs):
            return
        values = curve(run)
        how = "the optimizer maximises" if maximising else "backward is called on its negative"
        yield self.finding(
            f"{climbed[0].label} should fall, but {how}: training climbs it. What backward was called on went from "
            f"{say(values[0])} to {say(values[-1])}."
            if values
            else f"{climbed[0].label} is climbed: {how}.",
            op=climbed[0],
            advice="Remove maximize=True from the optimizer."
            if maximising
            else "Remove the minus sign before the loss.",
            evidence=[Evidence("sign of the loss where backward was called", 1 if maximising else -1, "", "1")],
        )

    def _sign(self, loss: Op) -> int | None:
        """Sign with which the loss enters its root; None when more than its sign changes on the way."""
        op, sign = loss, 1
        while not op.root:
            if len(op.consumers) != 1:
                return None
            op = op.consumers[0]
            if op.name == "Neg":
                sign = -sign
            elif op.kind not in ("reduction", "shape"):
                return None
        return sign
