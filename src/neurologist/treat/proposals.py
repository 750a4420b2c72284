"""Which treatments are proposed for a finding, in which order.

May import: `treat.treatment`, `treat.plan`, `treat.seen`, `diagnose`.
"""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose import Finding
from neurologist.treat.plan import Plan
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment, treatments


def proposed(finding: Finding, plan: Plan, seen: Seen) -> Iterable[Treatment]:
    """Treatments of a finding's cause, of kinds that a plan does not hold and that would still do something in it."""
    held = {treatment.slug for treatment in plan.treatments}
    held |= {slug for treatment in plan.treatments for slug in treatment.supersedes}
    for kind in _in_order(finding):
        if kind.slug not in held:
            yield from kind.proposals(finding, seen)


def _in_order(finding: Finding) -> list[type[Treatment]]:
    """The treatments of a finding's cause: first those that it names itself, in its order."""
    named = list(finding.treatments)
    kinds = [kind for kind in treatments().values() if finding.cause in kind.treats]
    places = {kind: [named.index(w) for w in (kind.slug, *kind.words) if w in named] for kind in kinds}
    return sorted(kinds, key=lambda kind: min(places[kind], default=len(named)))
