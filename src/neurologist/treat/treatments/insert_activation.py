"""An activation between layers that have none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Before
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class InsertActivation(Treatment):
    """Puts a ReLU between layers with weights that follow each other directly: without it they are one linear map."""

    sites: frozenset[Site]  # the layers that read from a layer

    slug = "insert-activation"
    treats = ("missing_hidden_activation",)
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Between all such layers."""
        sites = frozenset(layer.site for layer in seen.layers if seen.source_layer(layer) is not None)
        if sites:
            yield cls(sites)

    @property
    def label(self) -> str:
        return f"relu before {', '.join(sorted(site.module or site.name for site in self.sites))}"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            call.with_input(F.relu(call.input))

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Before(step) for step in seen.calls if step.site in self.sites]
