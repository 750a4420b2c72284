"""Less weight decay, no penalty in the loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loop import Option
from neurologist.treat.edits.loss import Alone
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class LowerWeightDecay(Treatment):
    """Takes out weight decay and penalties added to the loss, or leaves a hundredth of the decay."""

    factor: float
    _kept: list[Any] = field(default_factory=list, repr=False)

    slug = "lower-weight-decay"
    treats = ("over_regularised",)

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """A hundredth, and none."""
        yield from map(cls, (0.0, 0.01))

    @property
    def label(self) -> str:
        return (
            f"weight decay x {self.factor:g}, no penalty in the loss" if self.factor else "no weight decay or penalty"
        )

    def objective(self, objective: Objective) -> None:
        objective.keep_rest = False

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        self._kept = [group.get("weight_decay") for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            if group.get("weight_decay"):
                group["weight_decay"] = group["weight_decay"] * self.factor

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        for group, decay in zip(optimizer.param_groups, self._kept, strict=True):
            if decay is not None:
                group["weight_decay"] = decay

    def edits(self, seen: Seen) -> Iterable[Edit]:
        code = f"{{}} * {self.factor:g}" if self.factor else None
        decay = [Option(name, {"weight_decay": code}) for name in dict.fromkeys(seen.optimizers)]
        return decay if seen.alone else [Alone(seen), *decay]
