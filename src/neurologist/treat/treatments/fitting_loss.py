"""The loss that fits the targets, in place of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Swap
from neurologist.treat.edits.loss import Loss, as_classes, as_numbers
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

LAYERS = {
    "cross_entropy": "CrossEntropyLoss",
    "mse_loss": "MSELoss",
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
}


def _indices(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(prediction, target.long().reshape(len(prediction), *prediction.shape[2:]))


def _one_hot(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(prediction, target.to(prediction.dtype))


def _scores(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(prediction, target.reshape(prediction.shape).to(prediction.dtype))


def _probabilities(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy(prediction, target.reshape(prediction.shape).to(prediction.dtype))


def _squared(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    aligned = target.reshape(prediction.shape) if target.numel() == prediction.numel() else target
    return (prediction - aligned.to(prediction.dtype)).pow(2).mean()


@dataclass(eq=False, repr=False)
class FittingLoss(Treatment):
    """Minimises the loss that fits the targets: cross-entropy for classes and labels, squared error for numbers.

    For classes, an activation before the loss goes too, since cross-entropy applies its own.
    """

    name: str
    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    sites: frozenset[Site] = frozenset()
    sigmoid: bool = False

    slug = "fitting-loss"
    words = ("classification-loss", "regression-loss", "logits-loss", "stable-expression")
    treats = (
        "wrong_loss", "missing_output_activation", "wrong_output_activation", "double_softmax", "wrong_output_units",
        "unstable_expression", "non_finite_loss", "wrong_target_shape",
    )  # fmt: skip
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """By the kind of the targets."""
        if seen.task is None or finding.cause == "wrong_target_shape":
            return  # it would cure that, too; but then the shape is at fault and not the loss
        kind, before = seen.task.kind, seen.output_activations
        sites = frozenset(step.site for step in before)
        if kind in ("classes", "one-hot") and seen.width >= seen.task.classes:
            yield cls("cross_entropy", _indices if kind == "classes" else _one_hot, sites)
        elif kind == "labels" and before:
            yield cls("binary_cross_entropy", _probabilities, sites, sigmoid=True)
        elif kind == "labels":
            yield cls("binary_cross_entropy_with_logits", _scores)
        elif kind == "numbers" and seen.loss != "mse_loss":
            yield cls("mse_loss", _squared)
            if sites:
                yield cls("mse_loss", _squared, sites)

    @property
    def label(self) -> str:
        if not self.sites:
            return f"loss {self.name}"
        return f"loss {self.name}{' after a sigmoid' if self.sigmoid else ' on the scores'}"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            call.instead(torch.sigmoid if self.sigmoid else lambda scores: scores)

    def objective(self, objective: Objective) -> None:
        objective.function, objective.name, objective.touched = self.function, self.name, True

    def edits(self, seen: Seen) -> Iterable[Edit]:
        function, layer = ("sigmoid", "Sigmoid") if self.sigmoid else (None, None)
        before = [Swap(step, function, layer) for step in seen.calls if step.site in self.sites]
        target = as_classes(seen) if self.function is _indices else as_numbers(seen)
        return [*before, Loss(seen, self.name, LAYERS[self.name], target)]
