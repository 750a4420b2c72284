"""Gradients of bounded size."""

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
class ClipGradient(Treatment):
    """Shrinks a gradient whose norm is above 1 to a norm of 1, so that one batch cannot throw the weights far."""

    norm: float = 1.0

    slug = "clip-gradient"
    treats = ("exploding_gradient", "non_finite_loss", "lr_too_high", "recurrent_depth")

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Always."""
        yield cls()

    @property
    def label(self) -> str:
        return f"gradient norm at most {self.norm:g}"

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], self.norm)

    def edits(self, seen: Seen) -> Iterable[Edit]:
        every = '[p for group in {optimizer}.param_groups for p in group["params"]]'
        held = "{model}.parameters()" if seen.complete and seen.only and len(seen.forwards) == 1 else every
        return [AtSteps(f"torch.nn.utils.clip_grad_norm_({held}, max_norm={self.norm})", before=True)]
