"""The graph left whole where the forward pass cuts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.call import Call
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class AttachGraph(Treatment):
    """Takes `.detach()` out of the model's forward pass, so that the layers before it get a gradient."""

    slug = "attach-graph"
    treats = ("frozen_parameters",)

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where layers run but are cut off; parameters that are frozen on purpose are another matter."""
        if cls.slug in finding.treatments:
            yield cls()

    @property
    def label(self) -> str:
        return "no .detach() in the forward pass"

    def before(self, call: Call) -> None:
        if call.site.model >= 0 and call.site.name == "detach" and call.input.requires_grad:
            call.instead(lambda tensor: tensor)

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [ByHand("the model's forward pass without .detach()")]
