"""Several treatments as one: what a trial tries, and what `nl.treat` applies.

May import: `treat.treatment`, `treat.arm`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from types import TracebackType

from neurologist.treat.arm import Arm
from neurologist.treat.treatment import Treatment


@dataclass(frozen=True, eq=False)
class Plan:
    """Treatments that are applied together.

    Attributes:
        treatments: in the order in which they were chosen.
    """

    treatments: tuple[Treatment, ...] = ()

    @property
    def longer(self) -> float:
        """How many times as long to train; 1 for as long as now."""
        found = 1.0
        for treatment in self.treatments:
            found *= treatment.longer
        return found

    @property
    def label(self) -> str:
        """In a few words."""
        return " + ".join(treatment.label for treatment in self.treatments) or "control"

    @property
    def key(self) -> frozenset[str]:
        """The same for plans of the same treatments, in whatever order."""
        return frozenset(treatment.label for treatment in self.treatments)

    def also(self, treatment: Treatment) -> Plan:
        """With one more treatment; it takes the place of one of its kind."""
        return Plan((*(t for t in self.treatments if t.slug != treatment.slug), treatment))

    def __str__(self) -> str:
        return self.label


class Treated:
    """A block in which every training is treated."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._arm: Arm | None = None

    def __enter__(self) -> Plan:
        self._arm = Arm(copy.deepcopy(list(self._plan.treatments)))
        self._arm.__enter__()
        return self._plan

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._arm is not None
        self._arm.__exit__(kind, error, trace)


def treat(best: Plan | Treatment) -> Treated:
    """Treat what is trained inside a `with` block, as if its source had been edited.

    A model trained in the block stays treated after it, where the treatment changes the model itself (an activation,
    the scale of its inputs): its forward pass keeps the change, as it would with the edit.

    Args:
        best: what a cure proved, `cure.best`, or a single treatment.

    Raises:
        TypeError: there is nothing to treat with.
    """
    if isinstance(best, Treatment):
        best = Plan((best,))
    if not isinstance(best, Plan):
        raise TypeError(f"treat got {type(best).__name__}: expected cure.best; it is None where nothing cured")
    return Treated(best)
