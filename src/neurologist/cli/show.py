"""`neurologist show [NAME]`: a function's card, or the list of all.

May import: typer, `cli._output`; the rest lazily. torch only where a cost is measured.
"""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurologist.cli._output import fail, note, writable

if TYPE_CHECKING:
    from neurologist.functional.function import Function
    from neurologist.functional.loss import LossFunction
    from neurologist.report.card import Card

ORDER = 5


class Form(str, Enum):
    """What a card can be written in."""

    text = "text"
    json = "json"
    markdown = "markdown"


def command(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="An activation or a loss; none: all.")] = None,
    form: Annotated[Form, typer.Option("--format", "-f", help="text, json or markdown.")] = Form.text,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it into an .svg, .png or .pdf file.")] = None,
    cost: Annotated[bool, typer.Option("--cost", help="Measure its cost relative to ReLU.")] = False,
) -> None:
    r"""Show an activation or a loss: formula, traits, derivative, plot, code to paste.

    \b
    neurologist show                        every activation and loss
    neurologist show gelu
    neurologist show cross_entropy          with the derivation of its slope, step by step
    neurologist show tanh --format markdown --plot tanh.svg
    """
    if name is None:
        sys.stdout.write(_encodable(_list(form)))
        return
    from neurologist.catalogue import UnknownMemberError
    from neurologist.report import card as cards

    writable(plot)
    try:
        card = cards.card(name)
    except UnknownMemberError as error:
        raise fail(str(error)) from None
    function = _function(card)
    if cost:
        card["cost"] = _cost(function)
    if plot is not None:
        _draw([function], plot)
    if form is Form.text:
        _text(card, function)
    else:
        sys.stdout.write(cards.json(card) if form is Form.json else _encodable(cards.markdown(card)))


def _text(card: Card, function: Function | LossFunction) -> None:
    from neurologist.functional.curves import curve
    from neurologist.report import card_text

    card_text.show(card, sys.stdout, curve(function))


def _function(card: Card) -> Function | LossFunction:
    from neurologist.functional import functions, losses

    return losses[card["name"]] if card["kind"] == "loss" else functions[card["name"]]


def _cost(function: Function | LossFunction) -> dict[str, object]:
    from neurologist.functional.function import Function

    if not isinstance(function, Function):
        raise fail(f"cost of the loss {function.name!r}: only activations are measured; leave --cost out")
    return function.cost().to_dict()


def _draw(functions: list[Function | LossFunction], path: Path) -> None:
    from neurologist.functional.plot import save

    try:
        save(functions, path)
    except (ImportError, ValueError, OSError) as error:
        raise fail(str(error)) from None
    note(f"drawn into {path}")


def _list(form: Form) -> str:
    from neurologist.report import card_list

    listed = card_list.listed()
    if form is Form.json:
        return card_list.json(listed)
    return card_list.markdown(listed) if form is Form.markdown else card_list.text(listed, sys.stdout)


def _encodable(text: str) -> str:
    from neurologist.report import terminal, words

    return text if terminal.speaks_unicode(sys.stdout) else words.to_ascii(text)
