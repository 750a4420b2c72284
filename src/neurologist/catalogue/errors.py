"""Errors that the catalogue raises, each saying subject, got, expected and next step.

May import: the standard library. A new error class stands here only if callers need to catch it by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 100  # characters of a wrong name that are compared with the known ones, and shown


class FormulaError(ValueError):
    """A formula holds something outside the vocabulary, a name it does not declare, or no formula at all."""


class DeclarationError(ValueError):
    """A member's file says something that its formula does not bear out, or does not define its one member."""


class UnknownMemberError(KeyError):
    """A name that the catalogue does not hold; the message offers the nearest names."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        known = sorted(known)
        asked = str(name).lower()[:LONGEST]
        near = get_close_matches(asked, known, n=3, cutoff=0.5) or known[:5]
        plural = "losses" if kind == "loss" else f"{kind}s"
        self.near = tuple(near)
        shown = name[:LONGEST] if isinstance(name, str) else name
        self.message = (
            f"{kind} {shown!r} is not in the catalogue: nearest are {', '.join(near)}; list(nl.{plural}) has all"
        )
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message
