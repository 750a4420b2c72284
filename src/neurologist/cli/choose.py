"""`neurologist choose PLACE`: what to use in one place of a network, its reasons as numbers, and what to avoid.

May import: typer, rich, `cli._output`; the rest lazily. Never torch.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurologist.cli._output import fail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import RenderableType

    from neurologist.theory.choose_made import Avoid, Choice

ORDER = 7
ROWS, NAMES = 12, 8  # options and names of one failure that text shows; JSON has them all
SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": None}


class Form(str, Enum):
    """What a choice can be written in."""

    text = "text"
    json = "json"
    markdown = "markdown"


def command(
    place: Annotated[str | None, typer.Argument(metavar="[PLACE]", help="See above; none: all in a table.")] = None,
    depth: Annotated[int | None, typer.Option(metavar="N", help="Hidden layers (3).")] = None,
    width: Annotated[int | None, typer.Option(metavar="N", help="Units in each (256).")] = None,
    norm: Annotated[str | None, typer.Option(metavar="NAME", help="layer or batch, before each activation.")] = None,
    residual: Annotated[bool, typer.Option("--residual", help="Skip connections around each hidden layer.")] = False,
    targets: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Example targets of an output: .npy, .csv, .tsv or .txt.")
    ] = None,
    classes: Annotated[int | None, typer.Option(metavar="N", help="Classes of a multi-class output.")] = None,
    low: Annotated[float | None, typer.Option(help="Lower end of a bounded output.")] = None,
    high: Annotated[float | None, typer.Option(help="Upper end of a bounded output.")] = None,
    steps: Annotated[int | None, typer.Option(metavar="N", help="Time steps a gate or state must last (100).")] = None,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16, float16 or float64.")] = "float32",
    form: Annotated[Form, typer.Option("--format", "-f", help="text, json or markdown.")] = Form.text,
) -> None:
    r"""Choose an activation, and for an output its loss: with numbers for reasons, and what not to use and why.

    \b
    neurologist choose                                     every place, in a table
    neurologist choose hidden --depth 30 --width 512
    neurologist choose hidden --depth 24 --norm layer --residual --dtype bfloat16
    neurologist choose output --targets train_targets.npy  the kind is read off the targets
    neurologist choose multi-class --classes 10
    neurologist choose bounded --low 0 --high 5
    neurologist choose gate --steps 200

    \b
    Places:
      hidden                      between layers
      output                      the last layer, its kind inferred from --targets; or by name:
        binary                    yes or no
        multi-class               one of several classes
        multi-label               any of several labels
        counts                    0, 1, 2, ...
        non-negative, bounded, unbounded    a real number
      gate, state                 inside a recurrent network

    Every function of the catalogue is judged by what follows from its formula: how it scales a gradient from layer to
    layer, where its slope is 0, whether its range meets the targets. Of those that pass, functions that torch has come
    first, then those without a dead zone, then those whose slope changes least. Numbers are predictions for freshly
    initialised networks; training moves on from there.
    """
    from neurologist.theory.choose import choose

    # what is not given is left out, so that a place complains of what it does not take
    given: dict[str, Any] = {"depth": depth, "width": width, "norm": norm, "residual": residual, "steps": steps}
    given |= {"classes": classes, "low": low, "high": high}
    try:
        if place is None:
            if any(value is not None and value is not False for value in (targets, *given.values())):
                raise fail("choose got options and no place: expected one, such as `neurologist choose hidden`")
            _all(dtype, form)
        else:
            _one(choose(place, None if targets is None else _read(targets), dtype=dtype, **given), form)
    except (TypeError, ValueError) as error:
        raise fail(str(error)) from None


def _read(path: Path) -> NDArray[np.generic]:
    """Numbers from a file; never a pickle."""
    import numpy as np

    if path.suffix != ".npy" and path.suffix not in SEPARATORS:
        raise fail(f"targets got {str(path)!r}: expected .npy, .csv, .tsv or .txt; write them with numpy.save")
    try:
        if path.suffix == ".npy":
            found: NDArray[np.generic] = np.load(path, allow_pickle=False)
            return found
        return _table(path)
    except OSError as error:
        raise fail(f"targets cannot be read from {str(path)!r}: {error.strerror or error}") from None
    except ValueError:
        raise fail(
            f"targets got {str(path)!r}, which holds more than numbers: expected numbers alone, no header; write the "
            "column of targets with numpy.save"
        ) from None


def _table(path: Path) -> NDArray[np.generic]:
    """Whole numbers stay so: they may be classes."""
    import numpy as np

    text = path.read_text(encoding="utf-8-sig").splitlines()
    if not any(line.strip() for line in text):
        raise fail(f"targets got {str(path)!r}, which is empty: expected numbers")
    try:
        return np.loadtxt(text, delimiter=SEPARATORS[path.suffix], dtype=np.int64, ndmin=1)
    except ValueError:
        return np.loadtxt(text, delimiter=SEPARATORS[path.suffix], ndmin=1)


def _all(dtype: str, form: Form) -> None:
    """Each place that needs no further word, with what is usual there."""
    from neurologist.report import json
    from neurologist.theory.choose import PLACES, choose

    found = [choose(name, dtype=dtype, **dict(given)) for name, given in PLACES.items()]
    if form is Form.json:
        sys.stdout.write(json.dumps([one.to_dict() for one in found]))
    elif form is Form.markdown:
        rows = [f"| {_short(one)} | {one.recommendation} |" for one in found]
        sys.stdout.write(_encodable("\n".join(["| place | use |", "|---|---|", *rows]) + "\n"))
    else:
        _print([_grid([(_short(one), one.recommendation) for one in found]), _dim("\nOne place in full: choose PLACE")])


def _short(choice: Choice) -> str:
    return choice.title.removesuffix(f", dtype {choice.given['dtype']}")


def _one(choice: Choice, form: Form) -> None:
    from neurologist.report import json

    if form is Form.json:
        sys.stdout.write(json.dumps(choice.to_dict()))
    elif form is Form.markdown:
        sys.stdout.write(_encodable(_markdown(choice)))
    else:
        _print(_parts(choice))


def _markdown(choice: Choice) -> str:
    from neurologist.theory.choose_made import brief

    lines = [f"# {choice.title}", "", f"**Use {choice.recommendation}**: {choice.how}.", ""]
    lines += [f"**But {choice.warning}.**", ""] if choice.warning else []
    lines += ["## Why", "", "| what | number | meaning |", "|---|---|---|"]
    lines += [f"| {one.what} | {brief(one.value)} | {_cell(one.meaning)} |" for one in choice.reasons]
    columns = list(choice.options[0].numbers)
    lines += [
        "",
        "## Would do",
        "",
        f"| name | {' | '.join(columns)} | behind, as |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for option in choice.options:
        numbers = " | ".join(brief(option.numbers[column]) for column in columns)
        lines.append(f"| {option.name} | {numbers} | {_cell(option.behind)} |")
    lines += ["", "## Not here", "", "| problem | what | the number is |", "|---|---|---|"]
    for problem, means, ones in choice.failures():
        lines.append(f"| {problem} | {_valued(ones, len(ones))} | {means} |")
    return (
        "\n".join([*lines, *(["", "## Notes", ""] if choice.notes else []), *(f"- {n}" for n in choice.notes)]) + "\n"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _parts(choice: Choice) -> list[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    from neurologist.theory.choose_made import brief

    parts: list[RenderableType] = [
        Text.assemble((choice.title, "dim")),
        Text.assemble(("Use ", "bold"), (choice.recommendation, "bold green")),
        Padding(Text(choice.how), (0, 0, 0, 2)),
    ]
    if choice.warning:
        parts += [Text(""), Text.assemble(("But ", "bold red"), choice.warning)]
    parts += [_head("Why"), _grid([(r.what, brief(r.value), r.meaning) for r in choice.reasons], bold=1)]
    if len(choice.options) > 1:
        parts += [_head("Would do, the best first"), _options(choice)]
    failures = choice.failures()
    if failures:
        rows = [(problem, f"{_valued(ones, NAMES)}\n({means})") for problem, means, ones in failures]
        parts += [_head("Not here, of what torch has"), _grid(rows)]
    if choice.notes:
        parts += [_head("Notes"), _grid([("-", note) for note in choice.notes])]
    return parts


def _options(choice: Choice) -> RenderableType:
    from rich.table import Table

    from neurologist.theory.choose_made import brief

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("  name", no_wrap=True)
    columns = list(choice.options[0].numbers)
    for column in columns:
        table.add_column(column, justify="right", overflow="fold", min_width=5)
    table.add_column("behind the first, as", overflow="fold", ratio=1)
    for option in choice.options[:ROWS]:
        numbers = [brief(option.numbers[column]) for column in columns]
        table.add_row(f"  {option.name}", *numbers, option.behind)
    left = len(choice.options) - ROWS
    if left > 0:
        table.add_row(f"  and {left} more", *("" for _ in columns), "--format json has all")
    return table


def _valued(ones: list[Avoid], most: int) -> str:
    """Names with their numbers; several of one number are named together."""
    from neurologist.theory.choose_made import brief

    groups: dict[str, list[str]] = {}
    for one in ones[:most]:
        groups.setdefault(brief(one.value), []).append(one.name)
    said = "; ".join(f"{', '.join(names)} {value}" for value, names in groups.items())
    return said + (f"; and {len(ones) - most} more" if len(ones) > most else "")


def _grid(rows: Sequence[tuple[str, ...]], bold: int | None = None) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for column in range(len(rows[0])):
        last = column == len(rows[0]) - 1
        table.add_column(no_wrap=not last, overflow="fold" if last else "ellipsis", ratio=1 if last else None)
    for row in rows:
        table.add_row(Text(f"  {row[0]}"), *(Text(cell, "bold" if at == bold else "") for at, cell in _later(row)))
    return table


def _later(row: tuple[str, ...]) -> list[tuple[int, str]]:
    return list(enumerate(row))[1:]


def _head(title: str) -> RenderableType:
    from rich.text import Text

    return Text(f"\n{title}", "bold cyan")


def _dim(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, "dim")


def _print(parts: list[RenderableType]) -> None:
    from neurologist.report.terminal import console_like, rendered

    console = console_like(sys.stdout)
    sys.stdout.write(_encodable("".join(line for part in parts for line in rendered(console, part))))


def _encodable(text: str) -> str:
    from neurologist.report import terminal, words

    return text if terminal.speaks_unicode(sys.stdout) else words.to_ascii(text)
