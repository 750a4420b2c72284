"""Units that start equal and so stay equal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import first, is_last_layer, last, layers, say, weight
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class SymmetricUnits(Rule):
    """All units of a hidden layer start with the same weights.

    What it is:
        The incoming weights of all units of a layer are equal, most often all zero.

    Why it is bad:
        Equal units compute the same thing, get the same gradient and stay equal: the layer is as good as one unit.
        When the weights are all zero, no signal passes forward and no gradient passes back either.

    How it is seen:
        All rows of the weight are equal at the first sample; where they are zero, which is common on purpose in last
        layers of branches, all rows of its gradient must be equal too, and both must stay so.

    How it is cured:
        Draw initial weights at random, with a variance that suits the activation that follows; PyTorch's default does.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 8.4.
    """

    slug, code = "symmetric-units", "NL301"
    cause, stage = "bad_init", Stage.START
    explains = frozenset(
        {"vanishing-gradient", "dead-units", "lr-too-low", "stopped-too-early", "saturated-units", "exploding-gradient"}
    )
    treatments = ("re-initialise",)

    def check(self, run: Run) -> Iterable[Finding]:
        found = [op for op in layers(run) if not is_last_layer(op) and self._stuck(run, op)]
        if not found:
            return
        op = found[0]
        parameter = weight(op)
        row = first(run, "weights", parameter) if parameter else None
        if parameter is None or row is None:
            return
        value = "all 0" if row["rms"] == 0 else f"equal for all units (RMS {say(row['rms'])})"
        places = ", ".join(layer.place for layer in found[:4]) + (" and others" if len(found) > 4 else "")
        yield self.finding(
            f"The initial weights of {places} are {value}. Units that start equal get equal gradients and stay equal, "
            f"so the {parameter.shape[0]} units of a layer do the work of one"
            + (", and no gradient passes through it." if row["rms"] == 0 else "."),
            op=op,
            advice="Draw the initial weights at random: leave PyTorch's default, or use "
            "torch.nn.init.kaiming_normal_ (ReLU) or xavier_uniform_ (tanh, sigmoid). Biases may be 0.",
            evidence=[
                Evidence(f"units of {parameter.name} equal to the first", row["twins"], "share", "0", row["step"]),
                Evidence("the same for its gradient", row["gradient_twins"], "share", "0", row["step"]),
            ],
        )

    def _stuck(self, run: Run, op: Op) -> bool:
        parameter = weight(op)
        rows: list[Any] = [first(run, "weights", parameter), last(run, "weights", parameter)] if parameter else []
        if not rows or not all(row and row["twins"] == 1 for row in rows[:1]):
            return False
        if rows[0]["rms"] > 0:  # constant but not zero: never on purpose, and only biases can tell the units apart
            return True
        return all(row and row["twins"] == 1 and row["gradient_twins"] in (1, None) for row in rows)
