"""Layers that are frozen before anything has trained them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding, Origin
from neurologist.diagnose.reading import known
from neurologist.diagnose.rule import Rule, Stage, origin_of
from neurologist.diagnose.untrained import as_made
from neurologist.record import Resting, Run


class FrozenParameters(Rule):
    """A layer is frozen while its weights are still random.

    What it is:
        `requires_grad` is off for layers of a model whose other layers are trained.

    Why it is bad:
        Freezing keeps what was learnt before. A layer that has learnt nothing keeps its random projection, which
        loses part of the signal; the layers around it have to make up for it.

    How it is seen:
        The layer runs in the forward pass of a model that trains, gets no gradient, and never changes; and its weights
        are exactly as PyTorch's layers draw them, evenly up to 1 / sqrt(fan_in). Frozen layers with learnt weights,
        as in fine-tuning, give no finding.

    How it is cured:
        Load the weights that were meant to be frozen, or train the layer: `requires_grad_(True)`.

    Sources:
        J. Yosinski et al., How transferable are features in deep neural networks?, 2014.
    """

    slug, code = "frozen-parameters", "NL512"
    cause, severity, stage = "frozen_parameters", "warning", Stage.STEP
    explains = frozenset({"capacity-too-small", "stopped-too-early", "lr-too-low"})
    treatments = ("unfreeze",)

    def check(self, run: Run) -> Iterable[Finding]:
        frozen: dict[str, list[Resting]] = defaultdict(list)
        for part in run.resting:
            if part.called and not part.trainable and not part.changed and as_made(part.shape, part.rms, part.high):
                frozen[part.name.split(".")[0]].append(part)
        for model, parts in frozen.items():
            trained = [p for p in run.parameters.values() if p.name.startswith(f"{model}.") and self._moves(run, p.id)]
            if trained:
                yield self._finding(run, parts, len(trained))

    def _moves(self, run: Run, parameter: int) -> bool:
        return any(known(run.quantity("weights").get(parameter, []), "change"))

    def _finding(self, run: Run, parts: list[Resting], trained: int) -> Finding:
        layer = parts[0].name.rpartition(".")[0]
        op = next((op for op in run.ops if op.module == layer), None)
        others = f" The same holds for {len(parts) - 1} more." if len(parts) > 1 else ""
        return self.finding(
            f"{layer} is frozen (requires_grad is off) although its weights are still as they were drawn at random, "
            f"evenly up to {parts[0].high:.3g}: it has learnt nothing that could be kept.{others}",
            origin=origin_of(op) if op else Origin(module=layer),
            certainty=0.8,  # random features may be wanted
            advice="Train the layer: requires_grad_(True), and give it to the optimizer; or load the weights that were "
            "to be kept.",
            evidence=[
                Evidence("frozen layers with random weights", len(parts), "", "0"),
                Evidence("trained parameters of the same model", trained),
            ],
        )
