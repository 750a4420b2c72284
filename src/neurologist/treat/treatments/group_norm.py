"""Normalisation within each example in place of over the batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Swap
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class GroupNorm(Treatment):
    """Normalises over the units of each example, with the same scale and shift: a batch of few says little."""

    sites: frozenset[Site]

    slug = "group-norm"
    treats = ("batch_norm_of_few",)
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """In place of every batch normalisation."""
        sites = frozenset(step.site for step in seen.calls if step.site.name == "batch_norm")
        if sites:
            yield cls(sites)

    @property
    def label(self) -> str:
        return "group normalisation in place of batch normalisation"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            names = ("input", "running_mean", "running_var", "weight", "bias")
            given = {**dict(zip(names, call.args, strict=False)), **call.named}
            weight, bias = given.get("weight"), given.get("bias")

            def normalised(x: torch.Tensor) -> torch.Tensor:
                return F.group_norm(x, 1, weight, bias)

            call.instead(normalised)

    def edits(self, seen: Seen) -> Iterable[Edit]:
        steps = [step for step in seen.calls if step.site in self.sites]
        return [Swap(step, "group_norm", "GroupNorm", "1, {0}") for step in steps]
