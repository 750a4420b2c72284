"""The base of every rule: what it must say about itself, and the one method it must have.

A rule is one file in `rules/` with one subclass of `Rule`; it is found by discovery. To add one, copy a short
neighbour, state the pattern it looks for in `check`, and put its sick program and healthy twin under the same name
in `specimens/`. A rule reads the record through `Run` and nothing else, and never imports another rule.
"""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, ClassVar

from neurologist.diagnose.finding import Evidence, Finding, Origin, Severity
from neurologist.record import Op, Optimizer, Run

SECTIONS = ("What it is", "Why it is bad", "How it is seen", "How it is cured", "Sources")


class Stage(IntEnum):
    """Where a fault stands in cause and effect: an earlier stage explains a later one."""

    NUMBERS = 0  # data that are not numbers at all
    OBJECTIVE = 1  # the loss, its targets and the last activation do not fit each other
    DATA = 2  # inputs and targets far from unit scale
    ARCHITECTURE = 3  # which ops stand in which order
    START = 4  # initial weights
    STEP = 5  # learning rate, optimizer, length of training
    CONSEQUENCE = 6  # what the above lead to: vanishing, exploding, dead, saturated


class Rule(ABC):
    """One pattern that keeps networks from learning.

    The class docstring is the rule's explanation, in the sections of `SECTIONS`; `neurologist explain` prints it.
    """

    slug: ClassVar[str]  # names the pattern, never the remedy; completes "allow ..."
    code: ClassVar[str]  # NL and three digits, never reused
    cause: ClassVar[str]  # the default word for the cause
    severity: ClassVar[Severity] = "error"
    stage: ClassVar[Stage]
    explains: ClassVar[frozenset[str]] = frozenset()  # slugs of the symptoms that this rule's cause brings about
    by_exclusion: ClassVar[bool] = False  # it remains where nothing else is at fault: any error or warning explains it
    of_data: ClassVar[bool] = False  # it speaks of batches and how they differ: nothing to say of one learnt by heart
    treatments: ClassVar[tuple[str, ...]] = ()
    outside: ClassVar[str] = ""  # why no change inside the program cures it, and what does; "" where one may

    @abstractmethod
    def check(self, run: Run) -> Iterable[Finding]:
        """Yield a finding for each independent instance of the pattern in the record."""

    def finding(
        self, message: str, *, op: Op | Optimizer | None = None, evidence: Iterable[Evidence], **changes: Any
    ) -> Finding:
        """A finding of this rule with its defaults filled in; `changes` override any field."""
        fields: dict[str, Any] = {
            "rule": self.slug,
            "code": self.code,
            "cause": self.cause,
            "severity": self.severity,
            "origin": origin_of(op),
            "treatments": self.treatments,
            "stage": int(self.stage),
            "since": 0,
        }
        return Finding(message=message, evidence=tuple(evidence), **{**fields, **changes})

    @classmethod
    def explanation(cls) -> dict[str, str]:
        """The docstring's sections: title -> text; the lead is under ""."""
        parts = re.split(rf"^({'|'.join(SECTIONS)}):\n", inspect.cleandoc(cls.__doc__ or ""), flags=re.M)
        sections = {"": parts[0].strip()}
        sections.update(
            {title: inspect.cleandoc(text).strip() for title, text in zip(parts[1::2], parts[2::2], strict=True)}
        )
        return sections


def origin_of(subject: Op | Optimizer | None) -> Origin:
    """The place of an op or an optimizer in the user's program."""
    if subject is None:
        return Origin()
    return Origin(subject.file, subject.line, subject.code, getattr(subject, "module", None))
