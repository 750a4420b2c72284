"""`neurologist atlas`: the catalogue to look at and to play with, as one offline page.

May import: typer, `cli._output`; the rest lazily. No torch.
"""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from neurologist.cli._output import fail, note, spoken, writable

ORDER = 8


def command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write the page.")] = Path(
        "atlas.html"
    ),
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="en|zh", help="Language that it opens in; yours by default.")
    ] = None,
) -> None:
    r"""Make the atlas: every activation and loss to look at and to play with, in one page that needs no network.

    \b
    neurologist atlas --open
    neurologist atlas --out atlas.zh.html --lang zh

    It takes about a quarter of a minute: traits, gains and slopes of all members are computed anew.
    """
    from neurologist import atlas

    writable(out)
    language = spoken(lang, True, None)
    text = atlas.page(_cards(), language)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(f"cannot write the atlas to {str(out)!r}: {error.strerror}") from None
    note(f"atlas written to {out} ({len(text.encode()) / 1e6:.2f} MB)")
    if open_:
        webbrowser.open(out.absolute().as_uri())


def _cards() -> list[dict[str, Any]]:
    """The cards of all members."""
    from neurologist.catalogue import Activation, Loss, activations, losses
    from neurologist.report.card import card

    specs: list[Activation | Loss] = [*activations.values(), *losses.values()]
    with typer.progressbar(specs, label="reading the catalogue", file=typer.get_text_stream("stderr")) as each:
        return [card(spec) for spec in each]
