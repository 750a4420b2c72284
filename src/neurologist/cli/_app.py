"""The `neurologist` command itself: finds the verbs, and answers `--version`.

May import: typer. There is nothing to edit here to add a verb (see the package's docstring).
"""

from __future__ import annotations

import inspect
import pkgutil
import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType

import typer
from typer.main import get_command

from neurologist.cli._output import BROKEN

HELP = """
Examine the training of a PyTorch network: name the line where its signal or gradient dies.

\b
neurologist run train.py --lr 0.1       train as usual, then read what was found
neurologist check train.py              only the first three steps
neurologist explain                     everything that can be found

Exit code: 0 nothing found, 1 something found, 2 it could not be examined; a script that fails keeps its own.
"""


def main() -> None:
    """Entry point of the `neurologist` command."""
    verbs = sorted((_verb(name) for name in _names()), key=lambda verb: (verb[0], verb[1]))
    _forgotten_run([name for _, name, _ in verbs])
    try:
        # not by calling the Typer: that would replace sys.excepthook, which belongs to the user's script
        get_command(_app(verbs))(prog_name="neurologist")
    except Exception:
        traceback.print_exc()
        typer.echo(
            "neurologist: this is an error in neurologist itself; please report it with the lines above", err=True
        )
        sys.exit(BROKEN)


def _app(verbs: list[tuple[int, str, ModuleType]]) -> typer.Typer:
    app = typer.Typer(
        name="neurologist",
        help=HELP,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_common)
    for _, name, module in verbs:
        settings = getattr(module, "SETTINGS", {})
        # click keeps the line breaks of a paragraph that begins with a backspace; a docstring spells it out
        text = inspect.cleandoc(module.command.__doc__).replace("\\b", "\b")
        app.command(name, help=text, context_settings=settings)(module.command)
    return app


def _names() -> list[str]:
    folder = str(Path(__file__).parent)
    return [m.name for m in pkgutil.iter_modules([folder]) if not m.name.startswith("_")]


def _verb(name: str) -> tuple[int, str, ModuleType]:
    module = import_module(f"neurologist.cli.{name}")
    return module.ORDER, name.replace("_", "-"), module


def _version(wanted: bool) -> None:
    if wanted:
        from neurologist import __version__

        typer.echo(f"neurologist {__version__}")
        raise typer.Exit


def _common(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass


def _forgotten_run(verbs: list[str]) -> None:
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    if first not in verbs and first.endswith((".py", ".nlr")) and Path(first).is_file():
        verb = "run" if first.endswith(".py") else "diagnose"
        typer.echo(f"neurologist: {first!r} is no command: did you mean `neurologist {verb} {first}`?", err=True)
        sys.exit(BROKEN)
