"""A diagnosis in a terminal: the root cause first, in plain sentences, with the line of code and what to change.

Reads well at 80 columns and at 120, with and without colour, with and without Unicode. Text from the user's program
is cleaned in `view` and only ever put in `rich.text.Text`, which reads no markup.
May import: rich, `diagnose.languages`, `report.view`, `report.bars`, `report.words`. To show one more part, add a
function from (page, look) to what rich prints, and name it in `_parts`; its own words stand in `tr("...")`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.languages import Say, of_report
from neurologist.report import terminal_trials, trials, words
from neurologist.report.bars import Glyphs, glyphs, sparkline
from neurologist.report.view import Card, Fact, Page, Sign, view
from neurologist.report.waterfall import waterfall

NARROWEST, WIDEST = 50, 120  # columns; beyond, lines are too long to read
FOR_FILES = 100  # columns where there is no terminal to ask
FACTS_SHOWN = 8  # pieces of evidence under a cause; JSON has them all
SIGNS_SHOWN = 6  # symptoms under a cause
COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


@dataclass(frozen=True)
class Look:
    """How wide, with which characters, and in which language."""

    width: int
    marks: Glyphs
    tr: Say


def text(diagnosis: Diagnosis, width: int = FOR_FILES, ascii_only: bool = False, base: Path | None = None) -> str:
    """The report as plain text without colours."""
    return "".join(_lines(diagnosis, _plain_console(width), ascii_only, base))


def show(diagnosis: Diagnosis, stream: IO[str], base: Path | None = None) -> None:
    """Write the report to `stream` as it can show it: its width, its colours, its characters."""
    stream.write("".join(_lines(diagnosis, console_like(stream), not speaks_unicode(stream), base)))


def show_trials(diagnosis: Diagnosis, stream: IO[str], base: Path | None = None) -> None:
    """Write only what was tried: what was found has been shown."""
    console, ascii_only = console_like(stream), not speaks_unicode(stream)
    look = Look(console.width, glyphs(ascii_only), of_report(diagnosis.language))
    stream.write("".join(_tried(diagnosis, look, console, ascii_only, base)))


def console_like(stream: IO[str]) -> Console:
    """A console that renders for `stream` into memory; rich itself would end the process at a broken pipe."""
    asked = Console(file=stream)
    wanted = asked.width if asked.is_terminal or "COLUMNS" in os.environ else FOR_FILES
    width = max(NARROWEST, min(WIDEST, wanted))
    if not asked.is_terminal or asked.legacy_windows:
        return _plain_console(width)
    system = {"standard": "standard", "256": "256", "truecolor": "truecolor"}.get(asked.color_system or "")
    return Console(
        file=io.StringIO(),
        width=width,
        color_system=system,  # type: ignore[arg-type]
        force_terminal=True,
        no_color=asked.no_color,
        legacy_windows=False,
        highlight=False,
    )


def _plain_console(width: int) -> Console:
    return Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False, highlight=False
    )


def rendered(console: Console, part: RenderableType) -> Iterator[str]:
    """The lines that rich makes of `part`, without trailing blanks: reports are copied into messages."""
    for line in console.render_lines(part, pad=False):
        shown = Text.assemble(*((s.text, s.style or "") for s in line))
        shown.rstrip()
        with console.capture() as captured:
            console.print(shown, soft_wrap=True)
        yield captured.get().replace(words.BREAK, "")


def speaks_unicode(stream: IO[str]) -> bool:
    """True when every character can be written to `stream`."""
    return "utf" in (getattr(stream, "encoding", None) or "utf-8").lower()


def _lines(diagnosis: Diagnosis, console: Console, ascii_only: bool, base: Path | None) -> Iterator[str]:
    look = Look(console.width, glyphs(ascii_only), of_report(diagnosis.language))
    for part in _parts(_breakable(view(diagnosis, base, ascii_only)), look):
        yield from rendered(console, part)
    yield from _tried(diagnosis, look, console, ascii_only, base)


def _tried(diagnosis: Diagnosis, look: Look, console: Console, ascii_only: bool, base: Path | None) -> Iterator[str]:
    if diagnosis.trials is None:
        return
    page = trials.view(diagnosis.trials, look.tr, base, ascii_only)
    yield "\n"
    for part in terminal_trials.parts(page, look.tr):
        yield from rendered(console, part)
    yield from (f"{line}\n" for line in terminal_trials.edit(page, look.tr))


def _breakable(page: Any) -> Any:
    """The page with every text ready for line breaks."""
    if isinstance(page, str):
        return words.breakable(page)
    if isinstance(page, tuple):
        return tuple(map(_breakable, page))
    if isinstance(page, (Page, Card, Fact, Sign)):
        return replace(page, **{field.name: _breakable(getattr(page, field.name)) for field in fields(page)})
    return page


def _parts(page: Page, look: Look) -> Iterator[RenderableType]:
    yield _header(page, look)
    if page.partial:
        yield _block(Text(page.partial, "yellow"), top=1)
    if page.by_heart:
        colour = "green" if page.learnt else "yellow" if page.learnt is None else "red"
        yield _block(Text(page.by_heart, f"bold {colour}"), top=1)
    if page.healthy:
        yield from _nothing(page, look)
    others = page.cards
    if _alarming(page):
        yield from _cause(page.cards[0], look)
        others = page.cards[1:]
    yield from _aside(page, look)
    if others:
        yield _heading(look.tr("Also found" if _alarming(page) else "For information"))
        for card in others:
            yield from _brief(card, look)
    if page.waterfall:
        step = page.waterfall_step
        yield _heading(look.tr(f"Gradient from the loss to the input at step {step:,}, in powers of ten"))
        yield _block(waterfall(page.waterfall, look.width - 2, look.marks, look.tr))
    yield from _loss(page, look)
    yield from _footer(page, look)


def _header(page: Page, look: Look) -> Text:
    left, right = f"{look.marks.rule * 2} neurologist ", f" {page.headline} {look.marks.rule * 2}"
    middle = look.marks.rule * max(1, look.width - cell_len(left) - cell_len(right.replace(words.BREAK, "")))
    colour = "green" if page.healthy else COLOURS[page.cards[0].severity] if _alarming(page) else "red"
    return Text.assemble((left + middle, "dim"), (right[: -2 - 1], f"bold {colour}"), (right[-3:], "dim"))


def _alarming(page: Page) -> bool:
    """True where there is a cause to show: a batch may also not be learnt by heart and no rule see why."""
    return bool(page.cards) and page.cards[0].severity != "info"


def _block(part: RenderableType, indent: int = 2, top: int = 0) -> Padding:
    return Padding(part, (top, 0, 0, indent))


def _heading(title: str) -> Padding:
    return _block(Text(title, "bold"), top=1)


def _cause(card: Card, look: Look) -> Iterator[RenderableType]:
    colour = COLOURS[card.severity]
    title = Text.assemble(
        (card.title, f"bold {colour}"), "  ", (card.rule, "bold"), f"  {card.code}  {look.tr(card.severity)}"
    )
    yield _block(title, top=1)
    yield _block(Text(card.message), top=1)
    if card.place:
        yield _block(Text(card.place, "bold cyan"), top=1)
        yield _block(_code(card, look, colour), indent=2)
    if card.advice:
        yield _heading(look.tr("What to change"))
        yield _block(Text(card.advice), indent=4)
    if card.facts:
        yield _heading(look.tr("Evidence") + (f" ({card.since})" if card.since else ""))
        yield _block(_facts(card, look), indent=4)
    if card.rivals:
        yield _heading(look.tr("It could also be"))
        for cause, test in card.rivals:
            said = Text.assemble((look.tr(cause.replace("_", " ")), "bold"), look.tr(": "), test)
            yield _block(_bullet(said, look), indent=4)
    if card.signs:
        yield _heading(look.tr("It explains"))
        for sign in card.signs[:SIGNS_SHOWN]:
            where = f"  {sign.place}" if sign.place else ""
            said = Text.assemble((sign.rule, "bold"), look.tr(": "), sign.message, (where, "cyan"))
            yield _block(_bullet(said, look), indent=4)
        if len(card.signs) > SIGNS_SHOWN:
            yield _block(Text(look.tr(f"and {len(card.signs) - SIGNS_SHOWN} more"), "dim"), indent=6)
    yield _block(Text.assemble((look.tr("More: "), "dim"), f"neurologist explain {card.rule}"), top=1)


def _bullet(said: Text, look: Look) -> Table:
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(overflow="fold")
    row.add_row(look.marks.bullet, said)
    return row


def _code(card: Card, look: Look, colour: str) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(justify="right", style="dim")
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for line in card.lines:
        number = "" if line.number is None else str(line.number)
        mark = Text(look.marks.pointer, f"bold {colour}") if line.marked else Text("")
        table.add_row(mark, number, look.marks.margin, Text(line.text, "bold" if line.marked else "dim"))
    return table


def _facts(card: Card, look: Look) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold", max_width=look.width // 2)
    table.add_column(overflow="fold", style="bold")
    table.add_column(overflow="fold")
    table.add_column(style="dim", no_wrap=True)
    for fact in card.facts[:FACTS_SHOWN]:
        expected = Text(look.tr(f"expected {fact.expected}") if fact.expected else "")
        table.add_row(Text(fact.name), Text(fact.value), expected, Text(fact.when))
    if len(card.facts) > FACTS_SHOWN:
        more = look.tr(f"and {len(card.facts) - FACTS_SHOWN} more: see --format json")
        table.add_row(Text(more, "dim"), "", "", "")
    return table


def _brief(card: Card, look: Look) -> Iterator[RenderableType]:
    head = Text.assemble((card.title, COLOURS[card.severity]), "  ", (card.rule, "bold"), f"  {card.code}")
    if card.place:
        head.append(f"  {card.place}", "cyan")
    yield _block(head, indent=4)
    yield _block(Text(card.message), indent=6)
    if card.advice:
        yield _block(Text(f"{look.marks.arrow} {card.advice}"), indent=6)


def _nothing(page: Page, look: Look) -> Iterator[RenderableType]:
    if not page.examined:
        said = look.tr("No step was examined, so nothing can be said about this run.")
        yield _block(Text(said, "bold yellow"), top=1)
        return
    said = look.tr("NOTHING FOUND: no fault was seen in the steps that were examined.")
    if page.aside:
        said = look.tr("NOTHING ELSE FOUND: besides what is set aside, no fault was seen in the steps examined.")
    yield _block(Text(said, "bold green"), top=1)
    table = Table.grid(padding=(0, 2))
    for fact in page.looked_at:
        table.add_row(Text(fact.name, "dim"), Text(fact.value))
    yield _block(table, indent=4)


def _aside(page: Page, look: Look) -> Iterator[RenderableType]:
    if page.aside:
        yield _heading(look.tr("Set aside"))
        for line in page.aside:
            yield _block(_bullet(Text(line), look), indent=4)


def _loss(page: Page, look: Look) -> Iterator[RenderableType]:
    if page.loss_ends is None:
        return
    first, last = page.loss_ends
    yield _heading(look.tr("Loss"))
    room = look.width - len(first) - len(last) - 8
    line = sparkline(page.losses, min(room, 60), look.marks)
    yield _block(Text(" ".join(part for part in (first, line or look.marks.arrow, last) if part)), indent=4)


def _footer(page: Page, look: Look) -> Iterator[RenderableType]:
    separator = f" {look.marks.tick} "
    lines: list[str] = [""]
    for part in page.run:
        longer = separator.join(filter(None, (lines[-1], part)))
        if lines[-1] and cell_len(longer.replace(words.BREAK, "")) > look.width - 2:
            lines.append(part)
        else:
            lines[-1] = longer
    yield _block(Text("\n".join(lines), "dim"), top=1)
    for said in (*page.remarks, *(look.tr(f"not measured: {limit}") for limit in page.limits)):
        yield _block(Text(said, "yellow"))
