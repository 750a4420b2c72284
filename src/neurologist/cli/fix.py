"""`neurologist fix train.py`: diagnose a script, try treatments on it, and show the one that cures.

May import: typer and the shared modules of `cli`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurologist.cli._output import FormatOption, LangOption, OutputOption, chosen, spoken, writable, write
from neurologist.cli._treat import apply_edit, treat
from neurologist.cli.run import SETTINGS, AsModule, Quiet, Rest, Target

ORDER = 3

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
    form: FormatOption = None,
    output: OutputOption = None,
    lang: LangOption = None,
    quiet: Quiet = False,
) -> None:
    r"""Find what is wrong with a training script, try treatments on it, and show the one that cures.

    \b
    neurologist fix train.py
    neurologist fix --steps 500 --minutes 20 train.py --lr 0.1
    neurologist fix --apply train.py
    neurologist fix --isolate --jobs 8 train.py
    neurologist fix -o cure.html train.py

    The script is run as it is and examined. Then it is run again and again, each time with one treatment put in while
    it runs: another learning rate, no softmax before the loss, scaled inputs. Every run is a process of its own,
    starts from the same seeds and is compared with the untreated one by accuracy or R2. The best is run from more
    seeds. What cures is shown, with its numbers, as an edit of the script; nothing is written without --apply. With
    -o cure.html it is a page that shows the curves of each trial beside those of the untreated script.

    What the script prints is not shown. Files that it writes are written by each run anew, in its own folder with
    --isolate. Without --minutes it takes about five times as long as the script itself, or five minutes.

    Exit code: 0 nothing to treat, 1 something was found, cured or not, 2 it could not be tried.
    """
    writable(output)
    form = chosen(form, output)
    lang = spoken(lang, form.spoken, None if output or form.alone else sys.stdout)
    base = Path.cwd()
    place = {"jobs": jobs, "isolate": isolate, "backend": backend, "address": address}
    cure = treat(target, arguments or [], module, quiet, steps=steps, seeds=seeds, minutes=minutes, **place)
    code = write(cure.report.in_language(lang), form, output, sys.stdout, base)
    if apply:
        apply_edit(cure)
    raise typer.Exit(code)
