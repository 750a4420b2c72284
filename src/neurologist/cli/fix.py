"""`neurologist fix train.py`: diagnose a script, try treatments on it, and show the one that cures.

May import: typer and the shared modules of `cli`; rich, `report` and `treat` inside functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurologist.cli._output import BROKEN, CLEAN, FOUND, fail, note
from neurologist.cli.run import SETTINGS, AsModule, Quiet, Rest, Target
from neurologist.treat import script as scripts

if TYPE_CHECKING:
    from rich.table import Table

    from neurologist.treat.fix import Cure
    from neurologist.treat.trial import Trial

ORDER = 3
CURVE = 24  # characters of a loss curve

__all__ = ["ORDER", "SETTINGS", "command"]


Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Runs at a time; one per core, at most 4.")
]
Isolate = Annotated[
    bool, typer.Option("--isolate", help="Give each run its own copy of the current folder, for scripts that write.")
]
Backend = Annotated[
    str | None, typer.Option(metavar="ray|dask", help="Run on a cluster; without --address one on this machine.")
]
Address = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Of the cluster.")]


def command(
    target: Target,
    arguments: Rest = None,
    module: AsModule = False,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Steps of a first, short trial.")] = 200,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Seeds that the last verdict rests on.")] = 3,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, metavar="M", help="Begin no treatment after M minutes.")
    ] = None,
    jobs: Jobs = None,
    isolate: Isolate = False,
    backend: Backend = None,
    address: Address = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the edit into the script.")] = False,
    quiet: Quiet = False,
) -> None:
    r"""Find what is wrong with a training script, try treatments on it, and show the one that cures.

    \b
    neurologist fix train.py
    neurologist fix --steps 500 --minutes 20 train.py --lr 0.1
    neurologist fix --apply train.py
    neurologist fix --isolate --jobs 8 train.py

    The script is run as it is and examined. Then it is run again and again, each time with one treatment put in while
    it runs: another learning rate, no softmax before the loss, scaled inputs. Every run is a process of its own,
    starts from the same seeds and is compared with the untreated one by accuracy or R2. The best is run from more
    seeds. What cures is shown, with its numbers, as an edit of the script; nothing is written without --apply.

    What the script prints is not shown. Files that it writes are written by each run anew, in its own folder with
    --isolate. Without --minutes it takes about five times as long as the script itself, or five minutes.

    Exit code: 0 nothing to treat, 1 something was found, cured or not, 2 it could not be tried.
    """
    make = scripts.module if module else scripts.script
    try:
        program = make(target, arguments or [])
    except scripts.NoProgram as error:
        raise fail(str(error)) from None
    options = {"jobs": jobs, "isolate": isolate, "backend": backend, "address": address}
    try:
        cure = _tried(program, quiet, steps=steps, seeds=seeds, minutes=minutes, **options)
    except KeyboardInterrupt:
        raise typer.Exit(scripts.INTERRUPTED) from None
    sys.stdout.write(_report(cure))
    _edit(cure, apply)
    raise typer.Exit(CLEAN if cure.diagnosis.healthy else FOUND)


def _tried(program: scripts.Program, quiet: bool, **options: Any) -> Cure:
    from neurologist import report  # noqa: F401  # how a diagnosis is shown
    from neurologist.treat.crew import NoBackend
    from neurologist.treat.fix import ProgramError, fix

    try:
        with _live(quiet) as told:
            return fix(partial(scripts.rerun, program), told=told, **options)
    except (ProgramError, scripts.NoProgram, NoBackend, ValueError) as error:
        note(f"{program.name}: {error}")
        raise typer.Exit(BROKEN) from None


class _Board:
    """A table of the latest trials, for a terminal."""

    def __init__(self) -> None:
        self.trials: list[Trial] = []

    def __rich__(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        from neurologist.report.bars import glyphs, sparkline

        table = Table(box=None, pad_edge=False, title=f"{len(self.trials)} trials", title_justify="left")
        for heading in ("treatment", "loss", "score"):
            table.add_column(heading)
        for trial in sorted(self.trials, key=lambda t: -t.worth)[:8]:
            curve = sparkline(trial.losses, CURVE, glyphs(ascii_only=False))
            table.add_row(Text(trial.plan.label), curve, f"{trial.worth:.3g}")
        return table


@contextmanager
def _live(quiet: bool) -> Iterator[Callable[[Trial], None]]:
    """Shows trials as they end, on stderr: live in a terminal, else a line each."""
    from rich.console import Console
    from rich.live import Live

    stream = sys.stderr
    console = Console(file=stream)
    board = _Board()

    def line(trial: Trial) -> None:
        stream.write(f"tried {trial.plan.label}: {trial.error or f'{trial.steps} steps'}\n")

    if quiet:
        yield lambda trial: None
    elif not console.is_terminal:
        yield line
    else:
        with Live(board, console=console, transient=True, auto_refresh=False) as live:

            def show(trial: Trial) -> None:
                board.trials.append(trial)
                live.refresh()

            yield show


def _report(cure: Cure) -> str:
    return f"{cure.diagnosis}\n{cure}\n"


def _edit(cure: Cure, apply: bool) -> None:
    """Show the best plan as an edit of the source; write it when asked to."""
    if cure.best is None:
        return
    found = cure.edit
    for change in found.changes:
        sys.stdout.write(f"\n{change.diff}")
    for text in found.by_hand:
        sys.stdout.write(f"\nBy hand: {text}\n")
    if not apply:
        return
    for change in found.changes:
        change.write()
        note(f"wrote {change.path}")
    if not found.changes:
        note("nothing was written: no part of this cure can be edited mechanically")
