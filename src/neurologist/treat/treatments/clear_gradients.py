"""Gradients cleared after each step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loop import AtSteps
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class ClearGradients(Treatment):
    """Clears the gradients after each step, so that the next goes along those of its own batches."""

    slug = "clear-gradients"
    treats = ("stale_gradient",)

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Always."""
        yield cls()

    @property
    def label(self) -> str:
        return "optimizer.zero_grad() after each step"

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [AtSteps("{optimizer}.zero_grad()", before=False)]
