"""A plan as an edit of the user's source: the files changed, as unified diffs, and what is left to do by hand.

The source is changed in its concrete syntax, so that comments and layout stay. A change is made only where the source
leaves no doubt which place is meant. May import: libcst, the lower files of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from neurologist.treat.edit import Edit
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt

if TYPE_CHECKING:
    from neurologist.treat.plan import Plan
    from neurologist.treat.seen import Seen


@dataclass(frozen=True)
class Change:
    """One file before and after."""

    path: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff, for `patch -p0` in the current folder where the file is below it."""
        path, here = Path(self.path), Path.cwd()
        name = str(path.relative_to(here)) if path.is_relative_to(here) else self.path
        lines = (self.before.splitlines(keepends=True), self.after.splitlines(keepends=True))
        return "".join(unified_diff(*lines, fromfile=name, tofile=name))

    def write(self) -> None:
        """Put it into the file."""
        with Path(self.path).open("w", encoding="utf-8", newline="") as file:
            file.write(self.after)


@dataclass(frozen=True)
class Edited:
    """What can be edited, and what is to be done by hand."""

    changes: list[Change] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)


def edited(plan: Plan, seen: Seen) -> Edited:
    """A plan as an edit of the files that the control ran through."""
    sources, by_hand = Sources(seen), []
    wanted = [(treatment, list(treatment.edits(seen))) for treatment in plan.treatments]
    for treatment, parts in sorted(wanted, key=lambda pair: any(part.late for part in pair[1])):
        kept = sources.begin([site for part in parts for site in part.sites])
        try:
            for part in parts:
                part.write(sources)
            if not parts:
                sources.doubt("no edit of the source is known for it")
        except Doubt as doubt:
            sources.back(kept)
            by_hand.append(f"{treatment.label}: {doubt}{_places(parts, sources)}")
    texts = sources.after()
    return Edited([Change(p, sources.texts[p], after) for p, after in texts.items()], by_hand)


def _places(parts: Sequence[Edit], sources: Sources) -> str:
    """What to change where, line by line."""
    found = []
    for part in parts:
        where = part.where(sources.seen)
        text = sources.texts.get(where.file, "").splitlines()[where.line - 1 : where.end_line] if where else []
        place = f"\n  {where.file}:{where.line}" if where else ""
        old = "".join(f"\n    - {line.strip()}" for line in text)
        found.append(place + old + "".join(f"\n    + {line}" for line in part.by_hand.splitlines()))
    return "".join(dict.fromkeys(found))
