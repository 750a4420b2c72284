"""Another learning rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.edits.loop import Option
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

DOWN = (0.1, 0.01, 0.001)
UP = (10.0, 100.0, 1000.0)


@dataclass(eq=False, repr=False)
class LearningRate(Treatment):
    """Multiplies the learning rate of every step, so that a schedule keeps its shape.

    A program that updates its weights by hand has no optimizer to ask: there the gradients are multiplied.
    """

    factor: float
    by_hand: bool = False
    _kept: list[Any] = field(default_factory=list, repr=False)

    slug = "learning-rate"
    words = ("lower-lr", "raise-lr")
    treats = (
        "lr_too_high", "lr_too_low", "too_few_epochs", "exploding_gradient", "non_finite_loss", "dead_units",
        "saturated_activation", "wrong_optimizer", "over_regularised", "too_deep", "bad_init",
    )  # fmt: skip

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Down or up, by the cause."""
        raises = finding.cause in ("lr_too_low", "too_few_epochs", "wrong_optimizer")
        sizes = UP if raises else DOWN if finding.cause in ("lr_too_high", "exploding_gradient") else DOWN[:2]
        yield from (cls(factor, by_hand=not seen.optimizers) for factor in sizes)

    @property
    def label(self) -> str:
        return f"learning rate x {self.factor:g}"

    @property
    def changes_loss(self) -> bool:
        return self.by_hand

    def objective(self, objective: Objective) -> None:
        if self.by_hand:
            objective.scale *= self.factor

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        self._kept = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * self.factor

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        for group, lr in zip(optimizer.param_groups, self._kept, strict=True):
            group["lr"] = lr

    def edits(self, seen: Seen) -> Iterable[Edit]:
        if self.by_hand:
            return [ByHand(f"parameter -= {self.factor:g} * lr * parameter.grad")]
        code = f"{{}} * {self.factor:g}"
        return [Option(name, {"lr": code}, position={"lr": 1}) for name in dict.fromkeys(seen.optimizers)]
