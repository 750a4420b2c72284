"""Another activation in the hidden layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Swap
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

OFFERED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "silu": F.silu,
}
LAYERS = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "silu": "SiLU"}


@dataclass(eq=False, repr=False)
class ReplaceActivation(Treatment):
    """Puts another activation in place of those of the hidden layers: one that neither saturates nor explodes."""

    name: str
    sites: frozenset[Site]
    old: str

    slug = "replace-activation"
    words = ("leaky-relu",)
    treats = ("wrong_hidden_activation", "vanishing_gradient", "exploding_gradient", "dead_units", "too_deep",
              "saturated_activation")  # fmt: skip
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Whatever differs from what is there."""
        hidden = seen.hidden_activations
        sites, names = frozenset(step.site for step in hidden), {step.member or step.site.name for step in hidden}
        for name in OFFERED:
            if sites and names != {name}:
                yield cls(name, sites, " and ".join(sorted(names)))

    @property
    def label(self) -> str:
        return f"{self.name} in place of {self.old} in the hidden layers"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            call.instead(OFFERED[self.name])

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Swap(step, self.name, LAYERS[self.name]) for step in seen.calls if step.site in self.sites]
