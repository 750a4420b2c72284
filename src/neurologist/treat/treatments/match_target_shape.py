"""Targets of the predictions' shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False)
class MatchTargetShape(Treatment):
    """Gives the targets the shape of the predictions, so that each is compared with its own and not with all."""

    slug = "match-target-shape"
    treats = ("wrong_target_shape",)

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Always."""
        yield cls()

    @property
    def label(self) -> str:
        return "targets in the predictions' shape"

    def objective(self, objective: Objective) -> None:
        if objective.target.numel() == objective.prediction.numel():
            objective.target = objective.target.reshape(objective.prediction.shape)
            objective.touched = True
