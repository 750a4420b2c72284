"""`neurologist selftest [SCRIPT]`: which numbers can be trusted in the user's own stack.

May import: typer and the shared modules of `cli`; `selftest` and rich inside functions.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurologist.cli._output import BROKEN, CLEAN, FOUND, fail, note
from neurologist.cli.run import SETTINGS, AsModule, Rest
from neurologist.treat import script as _script

if TYPE_CHECKING:
    from neurologist.selftest import Row

ORDER = 9
STEPS = 5
SHOWN = 5  # numbers that are wrong, or not measured, listed one by one

__all__ = ["ORDER", "SETTINGS", "command"]

Target = Annotated[str | None, typer.Argument(metavar="[SCRIPT]", help="A script; none for the built-in stacks.")]


def command(
    target: Target = None,
    arguments: Rest = None,
    module: AsModule = False,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Steps to compare.")] = STEPS,
) -> None:
    r"""Compare each number that an examination records with the same number by PyTorch's own hooks.

    \b
    neurologist selftest
    neurologist selftest train.py --lr 0.1

    With a script it runs the first steps of it, examined and measured a second way at once: hooks on modules and
    tensors, `.grad` when an optimizer steps, weights before and after. Compilation, mixed precision, checkpointing,
    wrappers and whatever else the script uses take part. Without one it runs small programs for the ways of training
    that have misled monitors, and says whether training stayed the same to the last bit.

    \b
    right         the same to 5 digits
    estimate      within a tenth: of a large tensor a part is measured
    not measured  nothing is recorded, and nothing is said about it
    wrong         please report it

    Exit code: 0 nothing is wrong, 1 something is, 2 could not be compared; a script that fails keeps its own.
    """
    raise typer.Exit(_stacks() if target is None else _script_at(target, arguments or [], module, steps))


def _script_at(target: str, arguments: list[str], module: bool, steps: int) -> int:
    from neurologist.selftest import witnessed
    from neurologist.watch.ranks import here

    try:
        program = (_script.module if module else _script.script)(target, arguments)
    except _script.NoProgram as error:
        raise fail(str(error)) from None
    outcome: list[_script.Outcome] = []

    def stop(count: int) -> None:
        if count >= steps:
            raise _script.Stop(f"stopped after {count} steps, as asked")

    _script.enter(program)
    rows = witnessed(lambda: outcome.append(_script.run(program)), stop)
    compared = any(row.verdict != "nothing to compare" for row in rows)
    wrong, rank = any(row.wrong for row in rows), here()
    if compared and (wrong or rank.number == 0):  # of several processes the first, and each that finds what is wrong
        one = f" of process {rank.number}" if rank.world > 1 else ""
        _print(f"{Path(program.name).name}, first {steps} steps{one}", rows)
    if outcome[0].code:
        return outcome[0].code
    if not compared:
        note(f"nothing to compare: {program.name} never called .backward() on a module's output")
        return BROKEN
    return FOUND if wrong else CLEAN


def _stacks() -> int:
    from rich.console import Console
    from rich.table import Table

    from neurologist.selftest import stacks, trust

    table = Table(box=None, header_style="bold")
    for title in ("stack", "right", "not measured", "wrong", "largest difference", "training"):
        table.add_column(title, justify="left" if title in ("stack", "training") else "right")
    missing, bad = [], []
    for stack in stacks().values():
        found = trust(stack.train)
        counts = (found.right, found.missing, len(found.wrong))
        training = "unchanged" if found.same else "CHANGED"
        table.add_row(stack.title, *map(str, counts), f"{found.worst:.0e}", training)
        missing += [f"{stack.title}, not measured: {stack.missing}"] if found.missing else []
        bad += [f"{stack.title}: {line}" for line in found.wrong]
        bad += [] if found.same else [f"{stack.title}: training is not what it is unexamined"]
    Console(width=132).print(table)
    for line in (*missing, *bad):
        typer.echo(f"  {line}")
    return FOUND if bad else CLEAN


def _print(title: str, rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for heading in (title, "right", "estimate", "not measured", "wrong", "largest difference", "verdict"):
        table.add_column(heading, justify="left" if heading in (title, "verdict") else "right")
    for row in rows:
        worst = f"{row.worst:.0e}" if row.right else ""
        counts = (row.right, row.estimates, len(row.missing), len(row.wrong))
        table.add_row(row.number, *map(str, counts), worst, row.verdict)
    Console(width=132).print(table)
    for row in rows:
        for word, lines in (("not measured", row.missing), ("wrong", row.wrong)):
            unique = list(dict.fromkeys(lines))
            for line in unique[:SHOWN]:
                typer.echo(f"  {row.number}, {word}: {line}")
            if len(unique) > SHOWN:
                typer.echo(f"  {row.number}, {word}: and {len(unique) - SHOWN} more")
