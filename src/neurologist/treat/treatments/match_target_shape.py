"""Targets of the predictions' shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import torch

from neurologist.diagnose import Finding
from neurologist.treat.call import Call
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loss import Target, shaped
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
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

    def before(self, call: Call) -> None:
        """In a loss of the program's own: where a prediction meets as many numbers in another shape."""
        if call.site.model >= 0 or len(call.args) != 2:
            return
        one, two = call.args
        if isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor) and one.numel() == two.numel():
            if one.requires_grad and not two.requires_grad:
                call.args = (one, two.reshape(one.shape))
            elif two.requires_grad and not one.requires_grad:
                call.args = (one.reshape(two.shape), two)

    def objective(self, objective: Objective) -> None:
        if objective.target.numel() == objective.prediction.numel():
            objective.target = objective.target.reshape(objective.prediction.shape)
            objective.touched = True

    def edits(self, seen: Seen) -> Iterable[Edit]:
        now, wanted = seen.shapes["target"], seen.shapes["prediction"]
        if now == wanted or prod(now) != prod(wanted):
            return []
        return [Target(seen, shaped(now, wanted))]
