"""Train longer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loop import Times
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

TIMES = (4.0, 16.0, 64.0)
LITTLE = 2000  # steps


@dataclass(eq=False, repr=False)
class Longer(Treatment):
    """Trains for a multiple of the steps; in a trial the program is run again and goes on from where it ended."""

    longer: float = 4.0

    slug = "longer"
    treats = ("too_few_epochs", "lr_too_low", "capacity_too_small")

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Four times; sixteen and more times where that is still little. Trials double it while that pays."""
        if seen.ended:
            yield from (cls(times) for times in TIMES if times == TIMES[0] or times * seen.steps <= LITTLE)

    @property
    def label(self) -> str:
        return f"train {self.longer:g} times as long"

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Times(round(self.longer), next(iter(seen.backward), None))]
