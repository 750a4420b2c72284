"""`neurologist watch-run RECORD`: the page of a run while it trains, on a port of this machine.

May import: typer and the shared modules of `cli`; `record` and `report` inside the function. Never torch.
"""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from neurologist.cli import _settings
from neurologist.cli._beside import detached, waited_for
from neurologist.cli._output import BROKEN, CLEAN, LangOption, fail, note, spoken

ORDER = 3

Port = Annotated[int | None, typer.Option(min=0, max=65535, metavar="N", help="Port to serve the page on.")]
Open = Annotated[bool, typer.Option("--open", help="Open the page in your browser.")]


def command(
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="A record: .neurologist/train-....nlr")],
    port: Port = None,
    open_: Open = False,
    lang: LangOption = None,
    given: Annotated[int | None, typer.Option("--socket", hidden=True)] = None,
) -> None:
    r"""Show a run's page while it trains, or after it, in a browser on this machine.

    \b
    neurologist watch-run --open .neurologist/train-20260102-030405.nlr
    neurologist watch-run --port 8000 run.nlr
    neurologist run --live train.py            starts the run and shows it

    The record is read by a process of its own, which makes the page anew as the record grows; what you have opened
    stays open. The page is served on 127.0.0.1 only: whoever is logged in on this machine can look, nobody else can.
    It ends with the run; of a run that has ended it shows the page until Ctrl-C.
    """
    from neurologist.record import RecordError
    from neurologist.report.live import Live, address, bound

    lang = spoken(lang, True, None)
    try:
        listening = detached(given) if given is not None else bound(port)
    except OSError as error:
        raise fail(taken(port, error)) from None
    try:
        ended = not waited_for(record, patient=given is not None)
        live = Live(record, lang, listening, Path.cwd(), _settings.found(record))
        if given is None:
            note(f"{'the run has ended, ' if ended else ''}look at {address(listening)} (Ctrl-C stops showing it)")
        if open_:
            webbrowser.open(address(listening))
        live.serve(until_asked=ended and given is None)
    except (RecordError, OSError) as error:
        raise fail(str(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(CLEAN) from None
    if live.gone:
        note(live.gone)
        raise typer.Exit(BROKEN)
    if given is None:
        sys.stderr.write(f"neurologist: {live.state['said']}\n")


def taken(port: int | None, error: OSError) -> str:
    """Why there is no page."""
    return f"no page on port {port or 'any'}: {error.strerror or error}; choose another --port, or leave it out"
