"""A learning rate that falls to 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class Anneal(Treatment):
    """Lowers the learning rate step by step to 0: steps that follow single examples then average out at the end."""

    steps: int
    _taken: int = 0
    _kept: list[Any] = field(default_factory=list, repr=False)

    slug = "anneal"
    treats = ("gradient_noise", "lr_too_high")

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where the number of steps is known, and an optimizer takes them."""
        if seen.ended and seen.optimizers:
            yield cls(seen.steps)

    @property
    def label(self) -> str:
        return f"learning rate falling to 0 over {self.steps} steps"

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        self._kept = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * max(0.0, 1 - self._taken / self.steps)

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        self._taken += 1
        for group, lr in zip(optimizer.param_groups, self._kept, strict=True):
            group["lr"] = lr

    def again(self) -> None:
        self._taken = 0

    def edits(self, seen: Seen) -> Iterable[Edit]:
        code = (
            f"scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters={self.steps})\n"
            "scheduler.step()  # behind each optimizer.step()"
        )
        return [ByHand(code)]
