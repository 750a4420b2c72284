"""Trying treatments on a script, watching the trials, and showing the cure: what `fix` and `run --fix` share.

May import: typer and the other shared modules of `cli`; rich, `report` and `treat` inside functions.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from neurologist.cli import _settings
from neurologist.cli._output import BROKEN, fail, note
from neurologist.treat import script as scripts

if TYPE_CHECKING:
    from rich.console import Group

    from neurologist.treat.fix import Cure
    from neurologist.treat.trial import Trial

CURVE = 24  # characters of a loss curve
SHOWN = 10  # trials in the live table


def treat(target: str, arguments: list[str], module: bool, quiet: bool, **options: Any) -> Cure:
    """Try treatments on a script, as `nl.fix` does, and show how it goes on stderr."""
    from neurologist import report  # noqa: F401  # how a diagnosis is shown
    from neurologist.treat.crew import NoBackend
    from neurologist.treat.fix import ProgramError, fix

    make = scripts.module if module else scripts.script
    try:
        program = make(target, arguments)
    except scripts.NoProgram as error:
        raise fail(str(error)) from None
    settings = _settings.found(Path(program.path))
    try:
        with _live(quiet) as told:
            return fix(program, told=told, settings=settings, **options)
    except (ProgramError, scripts.NoProgram, NoBackend, ValueError) as error:
        note(f"{program.name}: {error}")
        raise typer.Exit(BROKEN) from None
    except KeyboardInterrupt:
        raise typer.Exit(scripts.INTERRUPTED) from None


def treat_at(folder: Path, target: str, arguments: list[str], module: bool, quiet: bool) -> Cure:
    """The same from a folder: the script, which has run in this process, may have gone elsewhere."""
    os.chdir(folder)
    return treat(target, arguments, module, quiet)


def apply_edit(cure: Cure) -> None:
    """Write the best plan into the user's source, as far as it can be edited."""
    if cure.best is None:
        return
    changes = cure.edit.changes
    for change in changes:
        change.write()
        note(f"wrote {change.path}")
    if not changes:
        note("nothing was written: no part of this cure can be edited mechanically")


class _Board:
    """The best trials so far with their loss curves, and how long it has taken."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.trials: list[Trial] = []
        self._bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._task = self._bar.add_task("running the script as it is", total=None)

    def add(self, trial: Trial) -> None:
        """One more; the first is the control."""
        self.trials.append(trial)
        self._bar.update(self._task, description=f"trying treatments: {len(self.trials) - 1} runs so far")

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        from neurologist.report.bars import glyphs, sparkline

        table = Table(box=None, pad_edge=False)
        for heading in ("treatment", "loss", "steps", "score"):
            table.add_column(heading, justify="right" if heading in ("steps", "score") else "left")
        for trial in sorted(self.trials, key=lambda t: -t.worth)[:SHOWN]:
            curve = sparkline(trial.losses, CURVE, glyphs(ascii_only=False))
            score = "failed" if trial.error else f"{trial.worth:.3g}"
            table.add_row(Text(trial.plan.label), curve, str(trial.steps), score)
        return Group(table, self._bar) if self.trials else Group(self._bar)


@contextmanager
def _live(quiet: bool) -> Iterator[Callable[[Trial], None]]:
    """Shows trials as they end, on stderr: live in a terminal, else a line each."""
    from rich.console import Console
    from rich.live import Live

    stream = sys.stderr
    console = Console(file=stream)

    def line(trial: Trial) -> None:
        seed = f" from seed {trial.number}" if trial.number else ""
        stream.write(f"ran {trial.plan.label}{seed}: {trial.error or f'{trial.steps} steps'}\n")

    if quiet:
        yield lambda trial: None
    elif not console.is_terminal:
        yield line
    else:
        board = _Board()
        with Live(board, console=console, transient=True):
            yield board.add
