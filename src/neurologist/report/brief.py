"""A diagnosis in a few lines, for the text of a failed test: the cause with its line and numbers, the rest by name.

May import: `report.view`, `report.words`, `diagnose`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.report.view import Card, Page, view

WIDTH = 100  # columns
FACTS = 6  # pieces of evidence


def brief(diagnosis: Diagnosis, base: Path | None = None) -> str:
    """The lines, with paths relative to `base` (default: the current folder)."""
    return "\n".join(_lines(view(diagnosis, base)))


def _lines(page: Page) -> Iterator[str]:
    alarming = [card for card in page.cards if card.severity != "info"]
    if alarming:
        yield from _cause(alarming[0])
    for card in alarming[1:]:
        yield f"also found: {card.rule} ({card.code}) {card.place}".rstrip()
    yield from page.aside
    yield from page.remarks
    yield from (f"not measured: {limit}" for limit in page.limits)


def _cause(card: Card) -> Iterator[str]:
    yield f"{card.title}: {card.rule} ({card.code}), {card.severity}"
    yield from (f"  {line}" for line in wrap(card.message, WIDTH))
    if card.place:
        yield f"at {card.place}"
        yield from (f"  {line.text}" for line in card.lines if line.marked)
    for fact in card.facts[:FACTS]:
        beside = ", ".join(filter(None, (fact.expected and f"expected {fact.expected}", fact.when)))
        yield f"  {fact.name}: {fact.value}{f' ({beside})' if beside else ''}"
    if card.advice:
        yield from wrap(f"What to change: {card.advice}", WIDTH, subsequent_indent="  ")
    if card.signs:
        yield f"It explains: {', '.join(dict.fromkeys(sign.rule for sign in card.signs))}"
    yield f"More: neurologist explain {card.rule}"
