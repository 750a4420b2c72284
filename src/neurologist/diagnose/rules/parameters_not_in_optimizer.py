"""Layers that get a gradient and that no optimizer steps."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import known
from neurologist.diagnose.rule import Rule, Stage
from neurologist.diagnose.untrained import stays_as_made, unchanged
from neurologist.record import Op, Parameter, Run


class ParametersNotInOptimizer(Rule):
    """Parameters get gradients, but no optimizer has them, so they never change.

    What it is:
        An optimizer steps the parameters that it was given when it was made, and no others: not those of a layer that
        was replaced later, of a second model, or of layers in a plain list, which `model.parameters()` does not see.

    Why it is bad:
        These layers keep their random initial weights. The rest of the network has to learn around them, or nothing
        learns at all.

    How it is seen:
        The tape shows which parameters get a gradient; every optimizer that steps is asked which it holds; the rest
        never change. It is a fault when nothing that the loss depends on is stepped, when a layer is in no model, or
        when a weight is still exactly as PyTorch draws it. Layers that have learnt something before may be left out
        on purpose, as in fine-tuning: that is only worth knowing.

    How it is cured:
        Make the optimizer after the model is complete, from the parameters of that model; hold layers in
        `nn.ModuleList` or `nn.ModuleDict`. What is to stay as it is: `requires_grad_(False)`.

    Sources:
        PyTorch, documentation of torch.nn.ModuleList and torch.optim.
    """

    slug, code = "parameters-not-in-optimizer", "NL511"
    cause, stage = "frozen_parameters", Stage.STEP
    explains = frozenset(
        {"unused-parameters", "lr-too-low", "stopped-too-early", "capacity-too-small", "unrelated-labels"}
    )
    treatments = ("complete-optimizer",)
    patience = 20  # steps by which every optimizer has stepped once, also one that steps seldom

    def check(self, run: Run) -> Iterable[Finding]:
        out = [p for p in run.parameters.values() if self._left_out(run, p)]
        layers = [p for p in out if len(p.shape) > 1]
        if not layers or not run.optimizers:
            return
        if len(out) == len(run.parameters) and any(r.optimizer and r.trainable for r in run.resting):
            yield self._wrong_model(run, out)
        elif run.steps >= self.patience:
            yield self._some(run, layers)

    def _left_out(self, run: Run, parameter: Parameter) -> bool:
        rows = run.rows("weights", parameter)
        gets = parameter.optimizer is None and any(known(rows, "gradient"))
        return gets and unchanged(rows) and ("." in parameter.name or self._reader(run, [parameter]) is not None)

    def _reader(self, run: Run, parameters: list[Parameter]) -> Op | None:
        """An op of a layer that is in no model, though a model called it."""
        return next(
            (op for op in run.ops if op.module_class and not op.module and set(op.parameters) & set(parameters)), None
        )

    def _wrong_model(self, run: Run, out: list[Parameter]) -> Finding:
        idle = [r for r in run.resting if r.optimizer and r.trainable]
        optimizer = run.optimizers[idle[0].optimizer or 0]
        return self.finding(
            f"{optimizer.name} steps {len(idle)} parameters that the loss does not depend on, and none of the "
            f"{len(out)} that it does depend on: nothing is learnt. It was made for another model, or before the model "
            "was made anew.",
            op=optimizer,
            stage=int(Stage.OBJECTIVE),
            advice="Make the optimizer from the parameters of the model that is trained, after that model is complete.",
            evidence=[
                Evidence("parameters with a gradient that are in no optimizer", len(out), "", "0"),
                Evidence("parameters of the optimizer that the loss depends on", 0, "", "all"),
            ],
        )

    def _some(self, run: Run, layers: list[Parameter]) -> Finding:
        optimizer = next(iter(run.optimizers.values()))
        stray = self._reader(run, layers)
        raw = [p for p in layers if stays_as_made(run, p)]
        named = ", ".join(p.name for p in (raw or layers)[:3]) + (", ..." if len(raw or layers) > 3 else "")
        why = (
            f"The layer at {stray.place} is in no model: one that is held in a plain list or dict is invisible to "
            "model.parameters()."
            if stray
            else "These weights are still as they were drawn at random: nothing has ever trained them."
            if raw
            else "They hold more than random initial values, so they may have been left out on purpose."
        )
        total = sum(len(p.shape) > 1 for p in run.parameters.values())
        return self.finding(
            f"{len(layers)} of {total} weights get gradients, but no optimizer steps them: {named}. {why}",
            op=stray or optimizer,
            severity="warning" if stray or raw else "info",
            certainty=1.0 if stray else 0.9,
            advice="Hold layers in nn.ModuleList or nn.ModuleDict."
            if stray
            else "Give the optimizer all parameters of the finished model, or say that they are to stay as they are: "
            "requires_grad_(False).",
            evidence=[Evidence("weights with a gradient that are in no optimizer", len(layers), "", "0")],
        )
