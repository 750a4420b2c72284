"""`neurologist race train.py`: which activation learns best in a script.

May import: typer and the shared modules of `cli`; `treat` inside functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurologist.cli._output import fail, note
from neurologist.cli.fix import Address, Backend, Isolate, Jobs
from neurologist.cli.run import SETTINGS, AsModule, Quiet, Rest, Target
from neurologist.treat import script as scripts

if TYPE_CHECKING:
    from neurologist.treat.lanes import Result
    from neurologist.treat.race import Race

ORDER = 4

__all__ = ["ORDER", "SETTINGS", "command"]


Names = Annotated[str, typer.Option(metavar="A,B,...", help="Activations to put into the hidden layers.")]


def command(
    script: Target,
    arguments: Rest = None,
    module: AsModule = False,
    activation: Names = "",
    init: Annotated[str, typer.Option(metavar="A,B,...", help="Initial weights: gain, xavier_normal, ...")] = "",
    loss: Annotated[str, typer.Option(metavar="A,B,...", help="Losses to minimise instead.")] = "",
    at: Annotated[str | None, typer.Option(metavar="FILE:LINE", help="Only the activations called there.")] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Runs per arm.")] = 3,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Steps of a run, at most.")] = 500,
    lr: Annotated[
        str, typer.Option(metavar="auto|keep", help="Find each its learning rate, or keep the script's.")
    ] = "auto",
    target: Annotated[
        float | None, typer.Option(metavar="SCORE", help="Count steps and seconds to this accuracy or R2.")
    ] = None,
    jobs: Jobs = None,
    isolate: Isolate = False,
    backend: Backend = None,
    address: Address = None,
    store: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep results here; those that are here are not run again.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    r"""Train a script with each of several activations, inits or losses, and compare what they learn.

    \b
    neurologist race --activation relu,gelu,silu,mish,tanh train.py
    neurologist race --activation relu,tanh --at model.py:12 train.py
    neurologist race --init gain,xavier_normal --activation relu,elu train.py
    neurologist race --activation relu,gelu --seeds 5 --store race.db train.py --epochs 3

    Options of neurologist come before the script, the script's own after it. The script as it is runs too. Each arm
    gets an equal search for its learning rate: a tenth, one and ten times the script's. All are compared by accuracy
    or R2, with 95 % intervals over the seeds. "No difference found" is a result, with the smallest difference that
    could have been seen. A race that was cut off goes on from its --store.
    """
    if lr not in ("auto", "keep"):
        raise fail(f"--lr got {lr!r}: expected auto or keep")
    raced = {"activation": _names(activation), "init": _names(init), "loss": _names(loss), "at": at}
    place = {"jobs": jobs, "isolate": isolate, "backend": backend, "address": address, "store": store}
    how = {"seeds": seeds, "steps": steps, "lr": "auto" if lr == "auto" else None, "target": target}
    make = partial(scripts.module if module else scripts.script, script, arguments or [])
    sys.stdout.write(f"{_raced(make, quiet, **raced, **how, **place)}\n")


def _raced(make: Callable[[], scripts.Program], quiet: bool, **options: Any) -> Race:
    from neurologist.treat.crew import NoBackend
    from neurologist.treat.fix import ProgramError
    from neurologist.treat.lanes import BadStore
    from neurologist.treat.race import race

    try:
        with _progress(quiet) as told:
            return race(make(), told=told, **options)
    except (ProgramError, scripts.NoProgram, NoBackend, BadStore, KeyError, ValueError) as error:
        raise fail(str(error.args[0])) from None
    except KeyboardInterrupt:
        kept = f"; what has run is kept in {options['store']}" if options["store"] is not None else ""
        note(f"interrupted{kept}")
        raise typer.Exit(scripts.INTERRUPTED) from None


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Result], None]]:
    """A line for each result, on stderr."""
    stream, count = sys.stderr, 0

    def told(result: Result) -> None:
        nonlocal count
        count += 1
        how = result.error or f"{result.steps} steps in {result.seconds:.1f} s, learning rate x {result.factor:g}"
        stream.write(f"{count}. {result.arm}, seed {result.seed}: {how}\n")

    yield (lambda result: None) if quiet else told
