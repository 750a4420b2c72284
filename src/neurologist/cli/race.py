"""`neurologist race train.py`: which activation learns best in a script.

May import: typer and the shared modules of `cli`; `treat` inside functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurologist.cli._output import fail
from neurologist.cli.fix import silenced

if TYPE_CHECKING:
    from neurologist.treat.lanes import Result

ORDER = 4


def command(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="The script.")],
    activation: Annotated[str, typer.Option(metavar="A,B,...", help="Activations to put into the hidden layers.")],
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Runs per activation.")] = 3,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Steps of a run, at most.")] = 500,
    lr: Annotated[
        str, typer.Option(metavar="auto|keep", help="Find each its learning rate, or keep the script's.")
    ] = "auto",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Runs at a time.")] = 1,
    store: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep results here; those that are here are not run again.")
    ] = None,
) -> None:
    r"""Train a script with each of several activations in its hidden layers, and compare what they learn.

    \b
    neurologist race --activation relu,gelu,silu,mish,tanh train.py
    neurologist race --activation relu,gelu --seeds 5 --store race.db train.py

    Each activation gets an equal search for its learning rate: a tenth, one and ten times the script's. "No difference
    found" is a result, with the smallest difference that could have been seen. A race that was cut off goes on from
    its --store.
    """
    from neurologist.treat.fix import ProgramError
    from neurologist.treat.race import race
    from neurologist.treat.script import NoProgram

    if lr not in ("auto", "keep"):
        raise fail(f"--lr got {lr!r}: expected auto or keep")
    told = _teller()
    names = [name.strip() for name in activation.split(",") if name.strip()]
    try:
        with silenced():
            found = race(
                script, names, seeds=seeds, steps=steps, lr="auto" if lr == "auto" else None, jobs=jobs, store=store,
                told=told,
            )  # fmt: skip
    except (ProgramError, NoProgram, KeyError) as error:
        raise fail(str(error.args[0])) from None
    sys.stdout.write(f"{found}\n")


def _teller() -> Callable[[Result], None]:
    stream = sys.stderr

    def told(result: Result) -> None:
        stream.write(f"ran {result.arm}, seed {result.seed}: {result.error or f'{result.steps} steps'}\n")

    return told
