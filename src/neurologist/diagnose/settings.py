"""How the user wants to be examined: which rules, by which numbers, what to ignore, what is known.

Plain data that the engine applies without knowing a rule's name; `neurologist.config` reads it from a file.
May import: `diagnose.aside`, `diagnose.baseline`, `diagnose.comments`, `diagnose.finding`, `diagnose.thresholds`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from neurologist.diagnose.aside import Aside
from neurologist.diagnose.baseline import Baseline
from neurologist.diagnose.comments import Comments
from neurologist.diagnose.finding import Finding, Origin
from neurologist.diagnose.thresholds import Number

Reasons = Mapping[str, str]  # slug -> why it is ignored


@dataclass(frozen=True)
class Settings:
    """What the user's file says.

    Attributes:
        file: it; None where there is none.
        budget: share of the time to spend on examining; None where nothing is said.
        select: slugs of the rules to run; None for all.
        ignore: rules whose findings are set aside everywhere, each with the reason.
        ignore_in: likewise, in files that match a pattern relative to the settings' folder.
        numbers: slug -> name of a number that the rule decides by -> its value here.
        baseline: findings known before.
    """

    file: Path | None = None
    budget: float | None = None
    select: frozenset[str] | None = None
    ignore: Reasons = field(default_factory=dict)
    ignore_in: Mapping[str, Reasons] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    baseline: Baseline | None = None

    def runs(self, slug: str) -> bool:
        """True for a rule that is wanted."""
        return self.select is None or slug in self.select

    def aside(self, finding: Finding, comments: Comments) -> Aside | None:
        """The finding with the reason why it is set aside; None where it is not."""
        comment = comments.ignoring(finding)
        if comment is not None:
            return Aside("ignored", finding, comment.reason, comment.origin)
        reason = self._reason(finding)
        if reason is not None:
            return Aside("ignored", finding, reason, Origin(str(self.file) if self.file else None))
        if self.baseline is not None and self.baseline.knows(finding):
            return Aside("known", finding, "", Origin(str(self.baseline.path)))
        return None

    def _reason(self, finding: Finding) -> str | None:
        if finding.rule in self.ignore:
            return self.ignore[finding.rule]
        return next(
            (
                reasons[finding.rule]
                for pattern, reasons in self.ignore_in.items()
                if finding.rule in reasons and self._matches(finding.origin.file, pattern)
            ),
            None,
        )

    def _matches(self, file: str | None, pattern: str) -> bool:
        if file is None or self.file is None:
            return False
        try:
            relative = Path(os.path.relpath(file, self.file.parent)).as_posix()
        except ValueError:  # another drive
            return False
        return fnmatchcase(relative, pattern) or fnmatchcase(Path(file).name, pattern)
