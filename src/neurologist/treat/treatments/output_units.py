"""As many output units as the targets ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Arguments
from neurologist.treat.edits.loss import Loss, as_classes
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


def _classes(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(prediction, target.long().reshape(len(prediction)))


@dataclass(eq=False, repr=False)
class OutputUnits(Treatment):
    """Gives the last layer one unit per class, or one per number to predict, and the loss that goes with it."""

    units: int
    module: str  # path of the last layer in the model
    classes: bool

    slug = "output-units"
    treats = ("wrong_output_units", "wrong_loss", "wrong_output_activation")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where the last layer is a linear module of another width."""
        layer, task = seen.output_layer, seen.task
        if layer is None or task is None or layer.site.name != "linear" or layer.site.model < 0:
            return
        numbers = seen.targets.total
        whole = numbers is not None and len(numbers) == 1 and seen.whole
        if (
            seen.width == 1
            and whole
            and seen.largest > 1
            and (task.kind == "classes" or "cross_entropy" in str(seen.loss))
        ):
            yield cls(seen.largest + 1, layer.site.module, classes=True)
        elif task.kind == "numbers" and numbers is not None and len(numbers) != seen.width:
            yield cls(len(numbers), layer.site.module, classes=False)
        elif task.kind == "classes" and seen.width < task.classes:
            yield cls(task.classes, layer.site.module, classes=True)

    @property
    def label(self) -> str:
        return f"{self.units} output unit{'s' if self.units > 1 else ''}"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        layer = dict(model.named_modules()).get(self.module)
        if not isinstance(layer, nn.Linear):
            return
        fresh = nn.Linear(layer.in_features, self.units, layer.bias is not None).to(layer.weight)
        layer.weight.data, layer.out_features = fresh.weight.data, self.units
        if layer.bias is not None:
            layer.bias.data = fresh.bias.data

    def objective(self, objective: Objective) -> None:
        if self.classes:
            objective.function, objective.name, objective.touched = _classes, "cross_entropy", True

    def edits(self, seen: Seen) -> Iterable[Edit]:
        layer = seen.output_layer
        if layer is None:
            return []
        sized = Arguments(layer, {"out_features": str(self.units)}, {"out_features": (1, 1)})
        loss = Loss(seen, "cross_entropy", "CrossEntropyLoss", as_classes(seen, flat=True))
        return [sized, loss] if self.classes else [sized]
