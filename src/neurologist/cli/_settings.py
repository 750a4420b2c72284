"""The user's settings on the command line: found, complained about, and a baseline written.

May import: typer, `cli._output`; `config` and `diagnose` inside functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurologist.cli._output import fail, note, writable

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis, Settings

BaselineOption = Annotated[
    Path | None,
    typer.Option("--write-baseline", metavar="FILE", help="Write what is found to FILE, as known from now on."),
]


def found(*places: Path, writing: Path | None = None) -> Settings:
    """The settings that hold at these places; where a baseline is to be written, none is read."""
    from neurologist.config import ConfigError, settings_for

    writable(writing)
    try:
        return settings_for(*places, Path.cwd(), baseline=writing is None)
    except ConfigError as error:
        raise fail(str(error)) from None


def diagnosed(
    examine: Callable[[Settings], Diagnosis], settings: Settings, writing: Path | None, base: Path
) -> Diagnosis:
    """What `examine` finds under the settings; a baseline is written of it first, where one is wanted, below `base`."""
    diagnosis = examine(settings)
    if writing is None:
        return diagnosis
    from neurologist.diagnose import baseline

    try:
        count = baseline.write(base / writing, diagnosis.findings)
    except OSError as error:
        raise fail(f"cannot write the baseline {str(writing)!r}: {error.strerror or error}") from None
    note(f"baseline of {count} finding{'' if count == 1 else 's'} written to {writing}")
    return examine(replace(settings, baseline=baseline.read(base / writing)))
