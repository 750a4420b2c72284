"""Take out an activation between the last layer and the loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Swap
from neurologist.treat.seen import Seen, expects
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class RemoveActivation(Treatment):
    """Takes out the activations between the last layer and the loss, so that its scores reach the loss as they are.

    A loss that applies its own softmax or sigmoid must get scores; a regression must be able to reach its targets.
    """

    sites: frozenset[Site]
    names: str

    slug = "remove-activation"
    treats = ("wrong_output_activation", "double_softmax", "wrong_loss")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where scores may reach the loss."""
        found = seen.output_activations
        if found and expects(seen.loss) not in ("probabilities", "log_probabilities"):
            yield cls(frozenset(step.site for step in found), " and ".join(step.site.name for step in found))

    @property
    def label(self) -> str:
        return f"no {self.names} before the loss"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            call.instead(lambda scores: scores)

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Swap(step) for step in seen.calls if step.site in self.sites]
