"""Train longer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False)
class Longer(Treatment):
    """Trains for a multiple of the steps; in a trial the program is run again and goes on from where it ended."""

    longer: float = 4.0

    slug = "longer"
    treats = ("too_few_epochs", "lr_too_low", "capacity_too_small")

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """As far as it pays: trials double it."""
        if seen.ended:
            yield cls()

    @property
    def label(self) -> str:
        return f"train {self.longer:g} times as long"
