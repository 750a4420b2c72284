"""What a fault is here: for some of the programs, edits of their source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from neurologist.diagnose.finding import Finding

FOLDER = Path(__file__).parent / "programs"
CLASSES = ("classifier", "convolutional", "recurrent")  # programs that tell classes apart
NUMBERS = ("regressor", "transformer")  # programs that predict a number
PROGRAMS = (*CLASSES, *NUMBERS)

Edit = tuple[str, str]  # a regular expression that matches once, and what to put in its place


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        rule: the rule that is to come first.
        what: the fault in a few words.
        edits: program -> edits of its source.
        also: rules that name the same fault as well; causes: so do all findings of these causes.
        placed: whether the finding's line is to be the first line edited.
        by_degree: whether it is a fault only where it does harm; a program that learns as well with it has none.
    """

    rule: str
    what: str
    edits: dict[str, list[Edit]]
    also: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    placed: bool = False
    by_degree: bool = False

    def named(self, finding: Finding) -> bool:
        """Whether a finding names this fault."""
        return finding.rule in (self.rule, *self.also) or finding.cause in self.causes

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


@dataclass
class Builder:
    """Collects faults."""

    faults: list[Fault] = field(default_factory=list)

    def add(
        self,
        rule: str,
        what: str,
        *edits: Edit,
        to: Iterable[str] = PROGRAMS,
        only: dict[str, list[Edit]] | None = None,
        **options: Any,
    ) -> None:
        """The same edits to several programs, and other ones to some."""
        chosen = {name: list(edits) for name in to} if edits else {}
        self.faults.append(Fault(rule, what, {**chosen, **(only or {})}, **options))


@cache
def source(program: str) -> str:
    """A healthy program's text."""
    return (FOLDER / f"{program}.py").read_text(encoding="utf-8")


def mutated(fault: Fault, program: str) -> tuple[str, int]:
    """The program's text with the fault in it, and the first line that differs, from 1."""
    text = source(program)
    for pattern, replacement in fault.edits[program]:
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count == 1, f"{fault} in {program}: {pattern!r} matches {count} times"
    lines = zip(text.splitlines(), [*source(program).splitlines(), *[""] * 9], strict=False)
    return text, next(number for number, (new, old) in enumerate(lines, 1) if new != old)
