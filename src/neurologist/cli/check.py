"""`neurologist check train.py`: the first few steps only, every one of them examined.

May import: typer and the shared modules of `cli`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from neurologist.cli._examine import Request, examine
from neurologist.cli._output import FormatOption, LangOption, OutputOption
from neurologist.cli._settings import BaselineOption
from neurologist.cli.run import SETTINGS, AsModule, Quiet, Rest, Target

ORDER = 2
STEPS = 3  # one for what is there from the start, two more for what a first update changes

__all__ = ["ORDER", "SETTINGS", "command"]


def command(
    target: Target,
    arguments: Rest = None,
    module: AsModule = False,
    overfit: Annotated[bool, typer.Option("--overfit", help="Let it learn its first batch by heart.")] = False,
    steps: Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after N steps.")] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    lang: LangOption = None,
    baseline: BaselineOption = None,
    quiet: Quiet = False,
) -> None:
    r"""Examine only the first steps of a training script, then stop it.

    \b
    neurologist check train.py --lr 0.1
    neurologist check --steps 10 train.py
    neurologist check -m package.train
    neurologist check --overfit train.py

    The script runs as python would run it until its third optimizer step is done; all three are examined closely,
    whatever that costs, and the script is stopped there. Seen so early: losses and activations that do not fit
    together, targets of a wrong shape, bad initial weights, dead or saturated units, gradients that vanish. Not seen:
    whatever takes training to show. A script that writes files at its end does not get there.

    With --overfit the script is not stopped there, and every step gets the first batch again, in place of what the
    script hands to its model and its loss. A model that cannot learn one batch by heart will not learn the rest: then
    the report says why. It stops once the batch is known, or after 200 steps without progress, 2,000 at most;
    --steps sets another limit. For a script of few steps, pass it more epochs.

    Exit code: 0 nothing found, 1 something found or not learnt by heart, 2 could not be examined, or could not be told;
    a script that fails keeps its own.
    """
    limit = steps if steps is not None or overfit else STEPS
    request = Request(target, arguments or [], module, limit, 1.0, None, form, output, quiet, lang, overfit)
    raise typer.Exit(examine(replace(request, baseline=baseline)))
