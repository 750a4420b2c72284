"""`neurologist diagnose RECORD`: a report from a record, later or elsewhere, without torch.

May import: typer, `cli._output`; the rest lazily.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurologist.cli import _settings
from neurologist.cli._output import (
    FormatOption,
    LangOption,
    OutputOption,
    chosen,
    fail,
    spoken,
    writable,
    write,
)
from neurologist.cli._settings import BaselineOption

ORDER = 3


def command(
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="A record: .neurologist/train-....nlr")],
    form: FormatOption = None,
    output: OutputOption = None,
    lang: LangOption = None,
    baseline: BaselineOption = None,
) -> None:
    r"""Report what a record shows, without running anything.

    \b
    neurologist diagnose .neurologist/train-20260102-030405.nlr
    neurologist diagnose run.nlr --format json
    neurologist diagnose run.nlr -o report.html
    neurologist diagnose run.nlr --lang zh

    Settings in [tool.neurologist] of a pyproject.toml above the record, or above the current folder, hold here too.

    A record is one SQLite file; it can be copied to another machine, and PyTorch is not needed to read it. A run that
    was killed leaves a readable record of everything up to its last sample.
    """
    from neurologist.diagnose import examine
    from neurologist.record import RecordError, Run

    writable(output)
    form = chosen(form, output)
    lang = spoken(lang, form.spoken, None if output or form.alone else sys.stdout)
    try:
        settings, run = _settings.found(record, writing=baseline), Run(record)
        found = _settings.diagnosed(lambda wanted: examine(run, settings=wanted), settings, baseline, Path.cwd())
    except (RecordError, OSError) as error:
        raise fail(str(error)) from None
    raise typer.Exit(write(found.in_language(lang), form, output, sys.stdout, Path.cwd()))
