"""Initial weights or biases far from the scale that keeps a signal alive."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import bias, curve, first, guessing, layers, say, weight
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class IllScaledWeights(Rule):
    """Weights or biases start so large that the first predictions are wild.

    What it is:
        A layer multiplies the variance of its input by fan_in times the variance of its weights. PyTorch's default
        makes that 1/3, He's initialisation for ReLU 2. Here it is many times more, or biases dwarf the signal.

    Why it is bad:
        Outputs grow with every layer, so the first loss is far above that of guessing. Sigmoids saturate, ReLUs die,
        and the first steps are spent, often in vain, on shrinking the weights.

    How it is seen:
        RMS of weights and biases at the first sample, and a first loss many times that of guessing.

    How it is cured:
        Weights with variance 2/fan_in (ReLU) or 1/fan_in (tanh, sigmoid), or PyTorch's default; biases 0.

    Sources:
        K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, 2015.
        X. Glorot, Y. Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks, 2010.
    """

    slug, code = "ill-scaled-weights", "NL302"
    cause, stage = "bad_init", Stage.START
    explains = frozenset(
        {
            "exploding-gradient",
            "vanishing-gradient",
            "saturated-units",
            "dead-units",
            "lr-too-high",
            "lr-too-low",
            "stopped-too-early",
            "non-finite",
        }
    )
    treatments = ("re-initialise",)
    large = 16.0  # fan_in times variance; He's is 2, trained networks stay below
    heavy = 5.0  # mean size of a bias; default biases are below 1
    wild = 4.0  # times the loss of guessing

    def check(self, run: Run) -> Iterable[Finding]:
        values, chance = curve(run), guessing(run)
        if not values or chance is None or values[0] <= self.wild * chance:
            return
        scales = {op: self._scale(run, op) for op in layers(run)}
        biases = {op: self._bias(run, op) for op in layers(run)}
        op = max(scales, key=lambda o: max(scales[o] / self.large, biases[o] / self.heavy), default=None)
        if op is None or (scales[op] <= self.large and biases[op] <= self.heavy):
            return
        by_bias = biases[op] / self.heavy > scales[op] / self.large
        what = (
            f"The biases of {op.place} start at an RMS of {say(biases[op])}"
            if by_bias
            else f"The weights of {op.place} start so large that the layer multiplies its input's variance "
            f"{say(scales[op])} times"
        )
        yield self.finding(
            f"{what}. The first loss is {say(values[0])}; guessing would give {say(chance)}.",
            op=op,
            advice="Start the biases at 0."
            if by_bias
            else "Use PyTorch's default, or torch.nn.init.kaiming_normal_ (ReLU) or xavier_normal_ (tanh, sigmoid).",
            evidence=[
                Evidence("fan_in times the variance of the weights", scales[op], "", "1/3 to 2", 0),
                Evidence("RMS of the biases", biases[op], "", "below 1", 0),
                Evidence("first loss over that of guessing", values[0] / chance, "", "about 1", 0),
            ],
        )

    def _scale(self, run: Run, op: Op) -> float:
        parameter = weight(op)
        row = first(run, "weights", parameter) if parameter else None
        return row["rms"] ** 2 * prod(parameter.shape[1:]) if row and parameter else 0.0

    def _bias(self, run: Run, op: Op) -> float:
        parameter = bias(op)
        row = first(run, "weights", parameter) if parameter else None
        return float(row["rms"]) if row else 0.0
