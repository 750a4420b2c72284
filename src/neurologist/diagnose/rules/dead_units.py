"""Units that never fire."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import ancestors, bias, composite, first, improvement, losses, say, sources, weight
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


@dataclass(frozen=True)
class Dead:
    """Units of one activation that were silent in every late sample: how many, of how many, since which step."""

    op: Op
    count: int
    units: int
    since: int
    born: bool

    @property
    def share(self) -> float:
        return self.count / self.units


class DeadUnits(Rule):
    """Units whose activation has slope exactly 0 on all the data that were seen.

    What it is:
        A ReLU unit whose preactivation is negative for every example puts out 0 and has slope 0. It is counted per
        unit over all observed data, not per entry: half of all entries being 0 is normal.

    Why it is bad:
        No gradient reaches the unit's incoming weights, so it cannot come back by itself. When a whole layer is dead,
        nothing before it learns.

    How it is seen:
        The bits of silent units are compared over samples. Units silent from the first sample on were born dead: the
        initial bias or weights are the reason. Units that fell silent later were pushed there by a step: the
        learning rate is the reason.

    How it is cured:
        Born dead: default weights, biases at 0. Died later: a smaller learning rate. LeakyReLU keeps a slope on the
        negative side and lets units come back.

    Sources:
        A. Maas, A. Hannun, A. Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
    """

    slug, code = "dead-units", "NL603"
    cause, stage = "dead_units", Stage.CONSEQUENCE
    severity = "warning"
    explains = frozenset({"vanishing-gradient", "lr-too-low", "stopped-too-early", "saturated-units"})
    treatments = ("re-initialise", "lower-lr", "leaky-relu")
    many = 0.6  # share of a layer's units: beyond it a ReLU layer has lost most of its width
    all_but = 0.95  # share at which the layer passes next to nothing
    together = 0.6  # share of the dead units that a sample must show silent to count as the same event
    late = 3  # samples at the end of the run over which a unit must be silent
    learns = 0.5  # a run that loses this share of its loss learns in spite of it
    deep = 6  # activations before it: beyond, silence at birth comes from depth when the weights' scale is right
    scale = (0.2, 5.0)  # weight variance times fan_in: 1/3 is PyTorch's default, 2 is He's for ReLU
    pushed = 2.0  # a bias below minus this many RMS preactivations holds its unit down

    def check(self, run: Run) -> Iterable[Finding]:
        dead = [found for op in run.of_kind("activation") if (found := self._count(run, op)) is not None]
        dead = [d for d in dead if d.share >= self.many]
        if not dead:
            return
        worst = min(dead, key=lambda d: (d.share < self.all_but, d.since, d.op.position))
        cause, stage, why, advice = self._why(run, worst)
        yield self.finding(
            f"{worst.count} of {worst.units} units of the {worst.op.member} at {worst.op.place} never fire: their "
            f"output and slope were exactly 0 for every example seen since step {worst.since}, so their weights get no "
            f"gradient. {why}",
            op=worst.op,
            severity="info"
            if improvement(run) > self.learns
            else "error"
            if worst.share >= self.all_but
            else "warning",
            cause=cause,
            stage=int(stage),
            since=worst.since,
            advice=advice,
            evidence=[
                Evidence("units that never fire", worst.count, f"of {worst.units}", "below half", worst.since),
                Evidence("layers with most of their units dead", len(dead), "", "0"),
            ],
        )

    def _count(self, run: Run, op: Op) -> Dead | None:
        rows = [row for row in run.rows("activation", op) if row.get("silent_units") is not None]
        if not rows or not op.facts.get("dead"):
            return None
        masks = [int.from_bytes(row["silent_units"], "little") for row in rows]
        silent = masks[-1]
        for mask in masks[-self.late :]:
            silent &= mask
        since = len(rows) - 1
        while since > 0 and (masks[since - 1] & silent).bit_count() >= self.together * silent.bit_count():
            since -= 1
        return Dead(op, silent.bit_count(), rows[-1]["units"], rows[since]["step"], since == 0)

    def _why(self, run: Run, dead: Dead) -> tuple[str, Stage, str, str]:
        if any(
            dead.op in sources(part) or dead.op in composite(part) for loss in losses(run) for part in composite(loss)
        ):
            return (
                "wrong_output_activation",
                Stage.OBJECTIVE,
                f"It is the output of the network: a {dead.op.member} there cannot recover from a negative output.",
                f"Remove the {dead.op.member} from the output.",
            )
        if not dead.born:
            return (
                "lr_too_high",
                Stage.STEP,
                f"They fired at first and fell silent at step {dead.since}: a step that was too large pushed them.",
                "Lower the learning rate (try a tenth); LeakyReLU would let such units come back.",
            )
        layer = next((op for op in sources(dead.op) if op.parameters), None)
        shift = first(run, "weights", parameter) if layer and (parameter := bias(layer)) else None
        scale = first(run, "weights", parameter) if layer and (parameter := weight(layer)) else None
        low = shift["mean"] if shift else None
        if low is not None and scale is not None and low < 0 and abs(low) > self.pushed * (scale["rms"] or 0.0):
            why = f"They were born dead: the biases of {layer.place if layer else 'the layer'} start at {say(low)}."
            return "bad_init", Stage.START, why, "Start the biases at 0."
        if layer and scale and (found := self._too_deep(layer, scale["rms"] or 0.0)):
            return found
        return (
            "bad_init",
            Stage.START,
            "They were silent from the first step on: the initial weights, or inputs of one sign, hold them there.",
            "Use default initial weights, standardise the inputs, or use LeakyReLU.",
        )

    def _too_deep(self, layer: Op, rms: float) -> tuple[str, Stage, str, str] | None:
        before = sum(op.kind == "activation" for op in ancestors(layer))
        parameter = weight(layer)
        variance = rms**2 * math.prod(parameter.shape[1:]) if parameter else 0.0
        if before < self.deep or not self.scale[0] <= variance <= self.scale[1]:
            return None
        return (
            "too_deep",
            Stage.ARCHITECTURE,
            f"They were silent from the first step on, {before} activations deep, though the weights have a usual "
            "scale: the signal does not survive so many narrow layers.",
            "Use fewer or wider layers, a normalisation after each, or residual connections; LeakyReLU also helps.",
        )
