"""The option `--sink`: where a run's numbers go besides its record.

May import: typer, `cli._output`; `integrations` for the names of sinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from neurologist.cli._output import fail
from neurologist.integrations.sinks import SinkError, sink, usage

if TYPE_CHECKING:
    from neurologist.watch.sinks import Sink

SinkOption = Annotated[
    list[str] | None,
    typer.Option("--sink", metavar="NAME=...", help=f"Send each sample's numbers and findings there too: {usage()}."),
]


def made(names: Sequence[str] | None) -> list[Sink]:
    """The sinks asked for; fails before training where one cannot be had."""
    try:
        return [sink(name) for name in names or ()]
    except SinkError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"--sink: cannot write to {error.filename!r}: {error.strerror}") from None
