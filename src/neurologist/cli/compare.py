"""`neurologist compare NAME...`: the table that textbooks print.

May import: typer, `cli._output`; the rest lazily. torch only where costs are measured.
"""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from neurologist.cli._output import fail, note, writable

ORDER = 6


class Form(str, Enum):
    """What a comparison can be written in."""

    text = "text"
    json = "json"
    markdown = "markdown"
    latex = "latex"


def command(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Activations, or losses.")],
    form: Annotated[Form, typer.Option("--format", "-f", help="text, json, markdown or latex.")] = Form.text,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw them into an .svg, .png or .pdf file.")
    ] = None,
    no_cost: Annotated[bool, typer.Option("--no-cost", help="Do not measure what they cost.")] = False,
) -> None:
    r"""Compare activations, or losses, in one table.

    \b
    neurologist compare sigmoid tanh relu leaky_relu softmax
    neurologist compare relu gelu silu mish --format markdown
    neurologist compare mse l1 huber --plot losses.svg

    The cost of an activation is measured on this machine, about half a second each: forward and backward, relative to
    ReLU.
    """
    from neurologist.catalogue import UnknownMemberError
    from neurologist.report import card as cards
    from neurologist.report import card_compare

    writable(plot)
    try:
        found = [cards.card(name) for name in names]
        unique = list({(card["kind"], card["name"]): card for card in found}.values())
        measured = "" if no_cost else _measure(unique)
        compared = card_compare.comparison(unique, measured)
    except (UnknownMemberError, ValueError) as error:
        raise fail(str(error)) from None
    if plot is not None:
        _draw(unique, plot)
    _write(compared, form)


def _measure(found: list[dict[str, Any]]) -> str:
    """Put the costs into the cards; what was measured."""
    from neurologist.functional import functions

    conditions = ""
    for card in found:
        if card["kind"] == "activation":
            try:
                card["cost"] = functions[card["name"]].cost().to_dict()
            except ImportError:
                note("costs are not measured: that needs torch")
                break
            conditions = card["cost"]["conditions"]
    return conditions


def _draw(found: list[dict[str, Any]], path: Path) -> None:
    from neurologist.functional import functions, losses
    from neurologist.functional.plot import save

    try:
        save([losses[c["name"]] if c["kind"] == "loss" else functions[c["name"]] for c in found], path)
    except (ImportError, ValueError, OSError) as error:
        raise fail(str(error)) from None
    note(f"drawn into {path}")


def _write(compared: dict[str, Any], form: Form) -> None:
    from neurologist.report import card_compare, card_compare_text, terminal, words

    if form is Form.text:
        card_compare_text.show(compared, sys.stdout)
        return
    written = {Form.json: card_compare.json, Form.markdown: card_compare.markdown, Form.latex: card_compare.latex}
    text = written[form](compared)
    sys.stdout.write(text if terminal.speaks_unicode(sys.stdout) else words.to_ascii(text))
