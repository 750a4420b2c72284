"""Parameters that the optimizer holds and that backward never reaches: cut off, or not used at all."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding, Origin
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Resting, Run


class UnusedParameters(Rule):
    """The optimizer holds parameters that no backward pass reaches.

    What it is:
        Either the layer runs and its output is cut off from the graph before it reaches the loss (`.detach()`,
        `.data`, a trip through NumPy, an argmax), or it does not run at all.

    Why it is bad:
        A layer that is cut off keeps its random initial weights, and with it all layers before it. A layer that does
        not run takes memory, and is often one that was forgotten in the forward pass.

    How it is seen:
        At each sample the tape is walked down to the parameters. What an optimizer holds and no sample's tape reached
        is compared with the modules that ran. Layers that ran ahead of everything that gets a gradient are cut off.
        What ran behind, or did not run, is only worth knowing: an unused head, experts that were not chosen.

    How it is cured:
        Take out what cuts the graph; use `torch.no_grad()` and `requires_grad_(False)` where the cut is wanted. Remove
        layers that are not used.

    Sources:
        PyTorch, documentation, Autograd mechanics.
    """

    slug, code = "unused-parameters", "NL513"
    cause, stage = "unused_parameters", Stage.ARCHITECTURE
    explains = frozenset({"capacity-too-small", "stopped-too-early", "lr-too-low"})
    treatments = ("attach-graph",)
    least = 4  # samples, before it is said that a parameter is never reached

    def check(self, run: Run) -> Iterable[Finding]:
        if len(run.samples) < self.least:
            return
        idle = [r for r in run.resting if r.optimizer is not None and r.trainable and not r.changed]
        cut = [r for r in idle if r.called and r.ahead]
        if any(len(r.shape) > 1 for r in cut):
            yield self._cut(run, cut)
        if rest := [r for r in idle if r not in cut]:
            yield self._unused(run, rest)

    def _cut(self, run: Run, parts: list[Resting]) -> Finding:
        first = next((op for op in run.ops if op.parameters), None)
        return self.finding(
            f"{_layer(parts[0])} ran before everything that gets a gradient, but never got one itself in "
            f"{len(run.samples)} samples: its output is cut off from the graph, so it stays as it is though the "
            "optimizer holds it." + _more(parts),
            op=first,
            severity="warning",
            cause="frozen_parameters",
            advice="Take out what cuts the graph between it and the layers behind: .detach(), .data, .numpy(), "
            "an argmax. Where the cut is wanted, run it under torch.no_grad() and leave it out of the optimizer.",
            evidence=[Evidence("parameters that are cut off", len(parts), "", "0")],
        )

    def _unused(self, run: Run, parts: list[Resting]) -> Finding:
        ran = any(part.called for part in parts)
        how = "it ran, but its output reaches no loss." if ran else "it did not run."
        return self.finding(
            f"{_layer(parts[0])} got no gradient in {len(run.samples)} samples though the optimizer holds it: "
            f"{how}" + _more(parts),
            origin=Origin(module=_layer(parts[0])),
            severity="info",
            advice="Remove it, or use it in the forward pass; experts that are seldom chosen need no change.",
            evidence=[
                Evidence("parameters without a gradient", len(parts), "", "0"),
                Evidence("their entries", sum(part.numel for part in parts)),
            ],
        )


def _layer(part: Resting) -> str:
    return part.name.rpartition(".")[0] or part.name


def _more(parts: list[Resting]) -> str:
    layers = len({_layer(part) for part in parts})
    return f" The same holds for {layers - 1} more layers." if layers > 1 else ""
