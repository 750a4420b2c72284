"""`neurologist diagnose RECORD`: a report from a record, later or elsewhere, without torch.

May import: typer, `cli._output`; the rest lazily.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurologist.cli._output import FormatOption, OutputOption, chosen, fail, writable, write

ORDER = 3


def command(
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="A record: .neurologist/train-....nlr")],
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    r"""Report what a record shows, without running anything.

    \b
    neurologist diagnose .neurologist/train-20260102-030405.nlr
    neurologist diagnose run.nlr --format json
    neurologist diagnose run.nlr -o report.json

    A record is one SQLite file; it can be copied to another machine, and PyTorch is not needed to read it. A run that
    was killed leaves a readable record of everything up to its last sample.
    """
    from neurologist.diagnose import examine
    from neurologist.record import RecordError, Run

    writable(output)
    try:
        diagnosis = examine(Run(record))
    except (RecordError, OSError) as error:
        raise fail(str(error)) from None
    raise typer.Exit(write(diagnosis, chosen(form, output), output, sys.stdout, Path.cwd()))
