"""What an examination says: a finding, where it points, and the numbers it rests on.

Plain frozen data, no behaviour beyond conversion: rules make findings, the engine orders them, reports show them.
May import: nothing of ours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Origin:
    """A place in the user's program; every part may be unknown.

    Attributes:
        file: path of the source file as Python reported it.
        line: line number, counted from 1.
        code: the source line, stripped.
        module: dotted path of the `nn.Module`, starting with the user's variable name: `model.fc3`.
    """

    file: str | None = None
    line: int | None = None
    code: str | None = None
    module: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file or ""
        return f"{place} ({self.module})" if place and self.module else place or self.module or "place unknown"


@dataclass(frozen=True)
class Evidence:
    """One observed number, with what would have been expected.

    Attributes:
        name: what was measured, in words: "saturated share of model.fc1's sigmoid".
        value: the measured value.
        unit: its unit, or "" where it has none.
        expected: what a healthy network shows, in words, or "".
        step: optimizer step of the observation, counted from 0; None when it holds for the whole run.
    """

    name: str
    value: float | int | str | None
    unit: str = ""
    expected: str = ""
    step: int | None = None


@dataclass(frozen=True)
class Symptom:
    """A finding explained by the one it is folded under.

    Attributes:
        rule: slug of the rule that saw it.
        message: its message.
        origin: its place.
    """

    rule: str
    message: str
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True)
class Rival:
    """Another cause that fits the same evidence.

    Attributes:
        cause: the word for it, e.g. `lr_too_high`.
        test: what to try or look at, and what would speak for this cause instead: one or two sentences.
    """

    cause: str
    test: str


@dataclass(frozen=True)
class Finding:
    """One cause, with its place, its numbers and what to do.

    Attributes:
        rule: stable slug of the rule, e.g. `double-softmax`; `neurologist explain SLUG` tells more.
        code: stable code, e.g. `NL101`.
        cause: the word for what is wrong, e.g. `double_softmax`.
        severity: "error" (it cannot learn as it is), "warning" (it learns worse), "info".
        message: two or three plain sentences with the numbers.
        advice: what to change, in one or two sentences.
        origin: the line to look at.
        evidence: the numbers.
        symptoms: findings that this one explains.
        treatments: names of treatments that may cure it, the most promising first.
        since: first step at which it was seen.
        certainty: how sure the rule is, 0 to 1.
        stage: where in cause-and-effect order it stands; lower comes first (see `rule.Stage`).
        rivals: causes that cannot be told from this one by what was seen, the likeliest first.
    """

    rule: str
    code: str
    cause: str
    severity: Severity
    message: str
    advice: str = ""
    origin: Origin = field(default_factory=Origin)
    evidence: tuple[Evidence, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    treatments: tuple[str, ...] = ()
    since: int | None = None
    certainty: float = 1.0
    stage: int = 0
    rivals: tuple[Rival, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain JSON data."""
        return asdict(self)
