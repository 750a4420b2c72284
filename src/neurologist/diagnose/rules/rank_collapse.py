"""A signal in which examples can no longer be told apart."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from neurologist.diagnose.dynamics import reads, standing
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import first, improvement, layers, main_path, say, weight
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

WHAT = {"examples": "the examples of a batch", "places": "the places of a sequence"}

Lost = tuple[str, list[tuple[Op, float]], int]  # what became alike, its share per layer, the layer where it is least


class RankCollapse(Rule):
    """With depth all examples, or all places of a sequence, become the same.

    What it is:
        Each layer passes on less of what differs between its inputs than of what they share. After many of them only
        the shared part is left: the layer's input is one vector, whatever the data. Attention without residual
        connections does it to the places of a sequence, each layer being a mean over places; stacks of sigmoids or of
        small weights do it to the examples.

    Why it is bad:
        The output is about the same for every input. What differs is drowned: to bring it out takes steps in the
        order of the square of how small it is.

    How it is seen:
        RMS of the deviation from the mean over the batch, or over the places of a sequence, against RMS of what a
        layer reads. It is large where the data enter and falls to almost nothing at a later layer, while training
        gets nowhere.

    How it is cured:
        Residual connections, which hand the differences on untouched; a normalisation per layer; weights with the gain
        of the activation; activations around 0 instead of sigmoids; fewer layers.

    Sources:
        S. Schoenholz, J. Gilmer, S. Ganguli, J. Sohl-Dickstein, Deep Information Propagation, 2017.
        Y. Dong, J.-B. Cordonnier, A. Loukas, Attention Is Not All You Need: Pure Attention Loses Rank Doubly
        Exponentially with Depth, 2021.
    """

    slug, code = "rank-collapse", "NL611"
    cause, stage = "too_deep", Stage.ARCHITECTURE
    explains = frozenset({"vanishing-gradient", "dead-units", "lr-too-low", "saturated-units", "stopped-too-early"})
    treatments = ("residual", "normalise", "re-initialise", "replace-activation")
    enters = 0.1  # share that differs where the data enter: below it the data themselves are alike
    lost = 0.02  # share that is left
    stuck = 0.15  # share of the loss that training must have taken away to count as moving
    patience = 50  # steps
    usual = 0.2  # fan_in times the variance of the weights: 1/3 is PyTorch's default, 2 is He's
    deep = 5  # layers before the one where it is lost: beyond, usual weights lose the signal by depth alone

    def check(self, run: Run) -> Iterable[Finding]:
        counted = set(layers(run))
        path = [op for op in reversed(main_path(run)) if op in counted]
        if run.steps < self.patience or improvement(run) > self.stuck or len(path) < 2:
            return
        lost = [found for column in WHAT if (found := self._lost(run, column, path)) is not None]
        if lost:
            column, shares, worst = min(lost, key=lambda found: found[1][found[2]][1])
            yield self._found(run, column, shares, worst)

    def _lost(self, run: Run, column: str, path: list[Op]) -> Lost | None:
        shares = [(op, share) for op in path if (share := reads(run, op, column)) is not None]
        if len(shares) < 2 or shares[0][1] < self.enters:
            return None
        worst = min(range(1, len(shares)), key=lambda i: shares[i][1])
        left = shares[worst][1]
        return None if left > self.lost or left**2 * run.steps > 1 else (column, shares, worst)

    def _found(self, run: Run, column: str, shares: list[tuple[Op, float]], worst: int) -> Finding:
        (op, left), (entry, whole) = shares[worst], shares[0]
        cause, stage, why, advice = self._why(run, column, shares, worst)
        return self.finding(
            f"Where data enter ({entry.place}), {WHAT[column]} differ by {say(whole)} of the signal's size; what "
            f"{op.place} reads, {worst} layers on, differs by {say(left)}. It is about the same whatever comes in, and "
            f"the loss does not move. {why}",
            op=self._steepest(shares, worst),
            cause=cause,
            stage=int(stage),
            evidence=[
                Evidence(f"share of the signal in which {WHAT[column]} differ, at entry", whole, "", "near 1", 0),
                Evidence(f"the same at {op.place}", left, "", "above 0.1", 0),
                Evidence(
                    "steps it takes to bring that out, in order of size", 1 / left**2 if left else None, "", "few"
                ),
                *standing(run),
            ],
            advice=advice,
            certainty=0.8,
            rivals=()
            if cause != "too_deep"
            else (
                Rival(
                    "bad_init",
                    "Keep the depth and start with weights of the activation's gain: if it then learns, it was these.",
                ),
            ),
        )

    def _steepest(self, shares: list[tuple[Op, float]], worst: int) -> Op:
        """The layer that reads the differences last before they fall most."""
        falls = [(shares[i][1] / max(shares[i - 1][1], 1e-30), i) for i in range(1, worst + 1)]
        return shares[min(falls)[1] - 1][0]

    def _why(self, run: Run, column: str, shares: list[tuple[Op, float]], worst: int) -> tuple[str, Stage, str, str]:
        lifted = [op for op in main_path(run) if op.kind in ("activation", "softmax") and _lifts(op)]
        small = [op for op, _ in shares[:worst] if self._variance(run, op) < self.usual]
        if column == "places":
            return (
                "too_deep",
                Stage.ARCHITECTURE,
                "Each attention layer takes means over the places, and no residual connection hands on what differs.",
                "Add each attention's and each feed-forward block's input to its output, as transformers do.",
            )
        if 2 * len(small) > worst:
            return (
                "bad_init",
                Stage.START,
                f"The weights of {len(small)} layers start small, so that biases outweigh what comes in.",
                "Start with weights of the activation's gain (torch.nn.init.kaiming_normal_ for ReLU), biases at 0.",
            )
        if 2 * len(lifted) > worst:
            return (
                "wrong_hidden_activation",
                Stage.ARCHITECTURE,
                f"A {lifted[0].member} puts out a constant and little else: it lies between two bounds, not around 0.",
                f"Replace {lifted[0].member} in the hidden layers by ReLU, or by tanh, which lies around 0.",
            )
        return (
            "too_deep",
            Stage.ARCHITECTURE,
            f"Over {worst} layers every one loses some of it.",
            "Use fewer layers, residual connections, or a normalisation after each layer.",
        )

    def _variance(self, run: Run, op: Op) -> float:
        parameter = weight(op)
        row = first(run, "weights", parameter) if parameter else None
        return (row["rms"] or 0.0) ** 2 * prod(parameter.shape[1:]) if row and parameter else 1.0


def _lifts(op: Op) -> bool:
    """True for activations that are bounded on both sides and never below 0, as sigmoid is."""
    low, high = op.facts.get("range", (None, None))
    return low is not None and high is not None and low >= 0
