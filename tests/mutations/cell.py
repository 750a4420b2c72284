"""One fault in one program, and what was said of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix.

    Attributes:
        fault: its rule and what was done; names: the rules and causes that name it; program: where it was put.
        placed: whether the finding's line is to be the edited one.
        verdict: "first", "found", "missed", "harmless", or "none" where the fault makes no sense.
        findings: all findings, severity, rule and message each, in order.
        score: of the mutated program; error: what ended it, if anything did.
        line: the first line edited; found_at: the line that the finding names.
    """

    fault: str
    names: tuple[str, ...]
    program: str
    placed: bool
    verdict: str
    findings: tuple[tuple[str, str, str], ...] = ()
    score: float = 0.0
    error: str = ""
    line: int = 0
    found_at: int | None = None
    not_measured: tuple[str, ...] = ()
