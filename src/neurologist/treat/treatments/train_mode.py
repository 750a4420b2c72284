"""Training mode while training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loop import TrainMode as Training
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class TrainMode(Treatment):
    """Puts the model into training mode before each step, so that dropout drops and normalisations see the batch."""

    _models: list[nn.Module] = field(default_factory=list, repr=False)

    slug = "train-mode"
    treats = ("eval_mode_training",)

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Always."""
        yield cls()

    @property
    def label(self) -> str:
        return "model.train() before training"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        self._models.append(model)

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            for model in self._models:
                model.train()
        return args

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Training(next(iter(seen.forwards.get(0, ())), None))]
