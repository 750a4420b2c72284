"""`neurologist run train.py`: a program run as Python runs it, examined on the way.

May import: typer and the shared modules of `cli`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from neurologist.cli._examine import Request, examine
from neurologist.cli._output import FormatOption, LangOption, OutputOption
from neurologist.cli._settings import BaselineOption
from neurologist.cli._sinks import SinkOption, made
from neurologist.cli._treat import treat_at
from neurologist.cli.watch_run import Open, Port

ORDER = 1
# everything after the script belongs to the script, --help too
SETTINGS = {"allow_interspersed_args": False}

Target = Annotated[str, typer.Argument(metavar="SCRIPT", help="The script, or with -m the module.")]
Rest = Annotated[list[str] | None, typer.Argument(metavar="[ARGUMENTS]...", help="Its own arguments and options.")]
AsModule = Annotated[bool, typer.Option("-m", help="SCRIPT is a module, as in `python -m`.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress line on stderr.")]


def command(
    target: Target,
    arguments: Rest = None,
    module: AsModule = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop the script after N steps.", metavar="N")] = None,
    budget: Annotated[
        float | None, typer.Option(min=0, max=1, metavar="SHARE", help="Share of the time to examine; 0.01 by default.")
    ] = None,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write what was seen.")] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    lang: LangOption = None,
    baseline: BaselineOption = None,
    quiet: Quiet = False,
    live: Annotated[bool, typer.Option("--live", help="Show the report in a browser while the script trains.")] = False,
    port: Port = None,
    open_: Open = False,
    sink: SinkOption = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Leave compiled code as it is, and run it once more where it is examined.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Then look for a cure, as `neurologist fix` does.")] = False,
) -> None:
    r"""Run a training script as python would, then report what was found.

    \b
    neurologist run train.py
    neurologist run --steps 500 train.py --lr 0.1 --epochs 3
    neurologist run -m package.train --lr 0.1
    neurologist run -o report.json train.py
    neurologist run --format json train.py > report.json
    neurologist run --write-baseline known.json train.py
    neurologist run --fix train.py
    neurologist run --live --open train.py
    neurologist run --sink tensorboard=runs/a train.py

    Options of neurologist come before the script, the script's own after it. Nothing in the script is changed, and
    results stay the same to the last bit. Ctrl-C ends the run early and reports what was seen.

    Under torch.compile an examined step runs eagerly, which rounds otherwise. With --shadow it runs as compiled, and
    what was compiled runs once more beside it, eagerly, to be examined: training stays the same to the last bit there
    too. Examined steps then take more time and memory, and what that code prints it prints twice.

    The report is written to stdout after the script's own output. With --format json and no -o the script's output
    goes to stderr instead, so that stdout is JSON and nothing else. The record is written to .neurologist/ in the
    current folder, for `neurologist diagnose`; there the latest 20 of each script are kept, and all files that have
    names of your own.

    [tool.neurologist] in the nearest pyproject.toml sets the budget, the rules and their numbers, what to ignore and
    why, and a baseline of what is known; `# neurologist: ignore[rule] reason` ignores a finding on its line.

    Exit code: 0 nothing found, 1 something found, 2 could not be examined. A script that fails keeps its own exit
    code and traceback; Ctrl-C gives 130. SIGTERM ends the run with a report too, and then the process as it
    would without neurologist.

    \b
    torchrun --nproc-per-node 4 -m neurologist run train.py

    Of processes that train together each writes a record of its own, the first one reports, and the exit code is
    that of the script.
    """
    cure = partial(treat_at, Path.cwd(), target, arguments or [], module, quiet) if fix else None
    asked = Request(target, arguments or [], module, steps, budget, record, form, output, quiet, lang)
    shown = replace(asked, live=live or open_, port=port, opened=open_)
    raise typer.Exit(examine(replace(shown, cure=cure, baseline=baseline, sinks=made(sink), shadow=shadow)))
