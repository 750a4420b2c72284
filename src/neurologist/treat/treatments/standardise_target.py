"""Targets at unit scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.edits.scales import Targets
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class StandardiseTarget(Treatment):
    """Trains on targets of mean 0 and deviation 1; the model's output is put back to the scale of the targets given."""

    mean: torch.Tensor
    std: torch.Tensor

    slug = "standardise-target"
    treats = ("unscaled_target", "wrong_loss_reduction", "wrong_output_activation", "wrong_loss", "bad_init")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """For numbers far from unit scale."""
        if seen.task is None or seen.task.kind != "numbers":
            return
        mean, std = seen.targets.mean, seen.targets.std
        if len(mean) in (1, seen.width) and (float(mean.abs().max()) > 2 or not 0.3 < float(std.max()) < 3):
            yield cls(mean, std)

    @property
    def label(self) -> str:
        return "targets standardised"

    def output(self, value: torch.Tensor) -> torch.Tensor:
        return value * self.std.to(value) + self.mean.to(value)

    def objective(self, objective: Objective) -> None:
        mean, std = self.mean.to(objective.prediction), self.std.to(objective.prediction)
        objective.prediction = (objective.prediction - mean) / std
        objective.target = (objective.target - mean) / std
        objective.touched = True

    def edits(self, seen: Seen) -> Iterable[Edit]:
        if len(self.mean) > 1:
            code = "y = (y - mean) / std  # of the training targets\nprediction = model(x) * std + mean  # in use"
            return [ByHand(code, next(iter(seen.backward), None))]
        return [Targets(seen, float(self.mean), float(self.std))]
