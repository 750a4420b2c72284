"""Dropout that leaves too little of the signal."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from statistics import fmean

from neurologist.diagnose.dynamics import end, flat, standing
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import guessing, improvement, known, main_path, output_units, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class TooMuchDropout(Rule):
    """Dropout throws away most of what passes, and training gets nowhere.

    What it is:
        Dropout sets a share of a layer's outputs to 0, other ones at every step, and scales the rest up. Of several
        in a row the shares that are kept multiply: three layers that drop 0.8 keep 0.008.

    Why it is bad:
        To the next layer the scaling adds noise whose variance is (1 - keep)/keep of the signal's second moment: as
        much as the signal at 0.5, four times as much at 0.8, nine times at 0.9. The gradient is then mostly about
        which units happened to be dropped.

    How it is seen:
        The share of zeros in the masks that dropout itself kept, multiplied along the way from the input to the
        loss, or so few units left that a layer is nearly empty. It is an alarm together with a loss that has stopped
        falling while most of it is left.

    How it is cured:
        0.5 at most in wide hidden layers, 0.1 to 0.3 elsewhere, none right before the output. PyTorch's `p` is the
        share that is dropped, not the share that is kept.

    Sources:
        N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, Dropout, 2014, sections 4 and A.4.
        S. Wager, S. Wang, P. Liang, Dropout Training as Adaptive Regularization, 2013.
    """

    slug, code = "too-much-dropout", "NL507"
    cause, stage = "too_much_dropout", Stage.ARCHITECTURE
    explains = frozenset(
        {
            "dead-units",
            "lr-too-high",
            "lr-too-low",
            "oscillating-loss",
            "stopped-too-early",
            "vanishing-gradient",
        }
    )
    treatments = ("less-dropout",)
    heavy = 0.4  # dropped share from which a layer counts: many light ones beside residual connections are usual
    kept = 0.2  # product of the kept shares: below it four fifths of the signal are gone; twice 0.5 keeps 0.25
    few = 4.0  # units of a layer that are left on average
    learns = 0.5  # share of the loss of guessing, below which the loss evidently came down
    stuck = 0.15  # share of the loss that training must have taken away to count as moving
    patience = 50  # steps

    def check(self, run: Run) -> Iterable[Finding]:
        path = [op for op in main_path(run) if op.kind == "dropout"]
        shares = {op: fmean(found) for op in path if (found := known(run.rows("dropout", op), "dropped"))}
        shares = {op: share for op, share in shares.items() if share >= self.heavy}
        if not shares:
            return
        kept = prod(1 - share for share in shares.values())
        left = min((1 - share) * (output_units(op) or 1) for op, share in shares.items())
        if (kept >= self.kept and left >= self.few) or run.steps < self.patience:
            return
        yield self._found(run, shares, kept, left)

    def _harmed(self, run: Run) -> bool:
        chance = guessing(run)
        if not flat(run):
            return False
        return improvement(run) < self.stuck if chance is None else fmean(end(run)) > self.learns * chance

    def _found(self, run: Run, shares: dict[Op, float], kept: float, left: float) -> Finding:
        op = max(shares, key=lambda o: (shares[o], o.position))
        each = ", ".join(say(share) for share in list(shares.values())[:4][::-1])
        row = f"Dropout in {len(shares)} places drops {each}, so that" if len(shares) > 1 else f"Dropout drops {each}:"
        level, harmed = fmean(end(run)), self._harmed(run)
        return self.finding(
            f"{row} {say(kept)} of the signal is kept on the way to the loss"
            + (f", {say(left)} units of a layer on average" if left < self.few else "")
            + (f". The loss has come to stand at {say(level)}." if harmed else ". Training takes that much longer."),
            op=op,
            severity="info" if not harmed else "error" if improvement(run) < self.stuck else "warning",
            evidence=[
                Evidence("product of the shares that dropout keeps", kept, "", "above 0.25"),
                Evidence("noise that dropout adds, over the signal", (1 - kept) / max(kept, 1e-9), "", "below 3"),
                Evidence("share of its first value that the loss has lost", improvement(run), "", "rising"),
                *standing(run),
            ],
            advice="Drop less: 0.5 at most in wide layers, 0.1 to 0.3 elsewhere, none right before the output. "
            "PyTorch's p is the share that is dropped, not the share that is kept.",
            certainty=0.8 if kept < self.kept / 2 else 0.7,
            rivals=(
                Rival(
                    "capacity_too_small",
                    "Compute the loss of the training data once after model.eval(): if it is far below the one seen in "
                    "training, dropout holds it up; if it is about the same, look at the network's size and the step.",
                ),
            ),
        )
