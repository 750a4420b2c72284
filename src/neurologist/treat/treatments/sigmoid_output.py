"""A sigmoid in place of what stands between the last layer and a loss on labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Swap
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class SigmoidOutput(Treatment):
    """Puts a sigmoid where another activation stands before the loss, for targets that are labels of 0 and 1.

    A softmax over one unit is always 1; a sigmoid gives the probability that is meant.
    """

    sites: frozenset[Site]
    names: str

    slug = "sigmoid-output"
    treats = ("wrong_output_activation", "wrong_loss")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """For labels, where something else than a sigmoid stands."""
        found = seen.output_activations
        labels = seen.task is not None and seen.task.kind == "labels"
        if found and labels and any(step.member != "sigmoid" for step in found):
            yield cls(frozenset(step.site for step in found), " and ".join(step.site.name for step in found))

    @property
    def label(self) -> str:
        return f"sigmoid in place of {self.names} before the loss"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            call.instead(torch.sigmoid)

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Swap(step, "sigmoid", "Sigmoid") for step in seen.calls if step.site in self.sites]
