"""The mean over the batch in place of the sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loss import Mean
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class MeanReduction(Treatment):
    """Divides a summed loss by the number of its targets, so that the step does not grow with the batch."""

    slug = "mean-reduction"
    treats = ("wrong_loss_reduction", "unscaled_target", "lr_too_high")

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where the loss is a sum."""
        if finding.cause == "wrong_loss_reduction" or seen.summed:
            yield cls()

    @property
    def label(self) -> str:
        return "loss as the mean"

    def objective(self, objective: Objective) -> None:
        objective.scale /= objective.target.numel()

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Mean(seen)]
