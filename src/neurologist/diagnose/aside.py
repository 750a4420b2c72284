"""What was found and is not told as a finding: the user wants it ignored, or it was known before.

Nothing is lost this way: the diagnosis keeps it with the reason, and every report says so.
May import: `diagnose.finding`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from neurologist.diagnose.finding import Finding, Origin

Kind = Literal["ignored", "known"]


@dataclass(frozen=True)
class Aside:
    """A finding that was set aside.

    Attributes:
        kind: "ignored": the user says why it is none; "known": it stands in the baseline.
        finding: what was found.
        reason: the user's own words; "" for one that is known.
        by: the file that says so, with its line where that is in the program: "train.py:12", "pyproject.toml".
    """

    kind: Kind
    finding: Finding
    reason: str
    by: Origin


@dataclass(frozen=True)
class Remark:
    """Something about the user's own comments to neurologist that he should know, in a sentence or two."""

    message: str
    origin: Origin = field(default_factory=Origin)
