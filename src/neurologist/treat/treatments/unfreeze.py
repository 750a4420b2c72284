"""Every parameter trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loop import Unfrozen
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class Unfreeze(Treatment):
    """Lets every parameter have a gradient, and gives the optimizer those that it lacks."""

    _models: list[nn.Module] = field(default_factory=list, repr=False)
    _done: bool = False

    slug = "unfreeze"
    words = ("complete-optimizer", "attach-graph")
    treats = ("frozen_parameters", "unused_parameters")

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Always."""
        yield cls()

    @property
    def label(self) -> str:
        return "every parameter trained"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        model.requires_grad_(True)
        self._models.append(model)

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        if self._done:
            return
        self._done = True
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        missing = [p for model in self._models for p in model.parameters() if id(p) not in held]
        if missing:
            optimizer.add_param_group({"params": missing})

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for parameter in (p for model in self._models for p in model.parameters() if id(p) in held):
            parameter.grad = None  # the program's zero_grad may not reach what it did not train

    def again(self) -> None:
        self._models, self._done = [], False

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Unfrozen(seen.frozen, not seen.complete, name) for name in seen.optimizers[:1]]
