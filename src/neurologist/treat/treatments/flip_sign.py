"""The loss with its sign turned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loss import Sign
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class FlipSign(Treatment):
    """Minimises the negative of what is minimised, which was climbed."""

    slug = "flip-sign"
    treats = ("flipped_gradient_sign",)

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Always."""
        yield cls()

    @property
    def label(self) -> str:
        return "loss with the other sign"

    def objective(self, objective: Objective) -> None:
        objective.scale = -objective.scale

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Sign(seen)]
