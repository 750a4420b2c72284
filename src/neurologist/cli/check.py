"""`neurologist check train.py`: the first few steps only, every one of them examined.

May import: typer and the shared modules of `cli`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from neurologist.cli._examine import Request, answer
from neurologist.cli._output import FormatOption, LangOption, OutputOption
from neurologist.cli.run import SETTINGS, AsModule, Quiet, Rest, Target

ORDER = 2
STEPS = 3  # one for what is there from the start, two more for what a first update changes

__all__ = ["ORDER", "SETTINGS", "command"]


def command(
    target: Target,
    arguments: Rest = None,
    module: AsModule = False,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Stop after N steps.")] = STEPS,
    form: FormatOption = None,
    output: OutputOption = None,
    lang: LangOption = None,
    quiet: Quiet = False,
) -> None:
    r"""Examine only the first steps of a training script, then stop it.

    \b
    neurologist check train.py --lr 0.1
    neurologist check --steps 10 train.py
    neurologist check -m package.train

    The script runs as python would run it until its third optimizer step is done; all three are examined closely,
    whatever that costs, and the script is stopped there. Seen so early: losses and activations that do not fit
    together, targets of a wrong shape, bad initial weights, dead or saturated units, gradients that vanish. Not seen:
    whatever takes training to show. A script that writes files at its end does not get there.

    Exit code: 0 nothing found, 1 something found, 2 could not be examined; a script that fails keeps its own.
    """
    raise answer(Request(target, arguments or [], module, steps, 1.0, None, form, output, quiet, lang))
