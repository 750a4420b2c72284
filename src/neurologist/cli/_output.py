"""Where a report goes and how an error is said: shared by all verbs.

May import: typer; `report` and `diagnose` lazily. To add a format, add its writing to `_written`; `--format` follows.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, TextIO

import typer

if TYPE_CHECKING:
    from neurologist.diagnose.diagnosis import Diagnosis

CLEAN, FOUND, BROKEN = 0, 1, 2  # exit codes: nothing found, something found, could not be examined


class Format(str, Enum):
    """What a report can be written in."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"
    html = "html"

    @property
    def spoken(self) -> bool:
        """True for what people read, which is in their language."""
        return self in (Format.text, Format.html)

    @property
    def alone(self) -> bool:
        """True for a document that is worth nothing with other output before it."""
        return self in (Format.json, Format.sarif, Format.html)


FormatOption = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="text (the default), json, sarif, html for a page, or github for annotations."),
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to FILE.")]
LangOption = Annotated[
    str | None, typer.Option("--lang", metavar="en|zh", help="Language of the text; that of your locale by default.")
]


def chosen(form: Format | None, output: Path | None) -> Format:
    """The format asked for; the ending of a file name asks for JSON (.json), SARIF (.sarif) or a page (.html)."""
    if form is not None:
        return form
    endings = {".json": Format.json, ".sarif": Format.sarif, ".html": Format.html}
    return endings.get(output.suffix if output else "", Format.text)


def fail(message: str) -> typer.Exit:
    """Say what is wrong in one line on stderr; raise what is returned."""
    typer.echo(f"neurologist: {message}", err=True)
    return typer.Exit(BROKEN)


def note(message: str) -> None:
    """Say something by the way, in one line on stderr."""
    typer.echo(f"neurologist: {message}", err=True)


def spoken(asked: str | None, text: bool, stream: TextIO | None) -> str:
    """The language to write in; fails where there is none such.

    Args:
        asked: the value of `--lang`; None for the locale's where people read it, English where programs do.
        text: True for what is read by people.
        stream: where it is written to, None for a file.
    """
    from neurologist.diagnose.languages import ENGLISH, language

    try:
        lang = language(asked) if text or asked else ENGLISH
    except ValueError as error:
        raise fail(f"--lang: {error}") from None
    if not text or lang == ENGLISH or stream is None or "utf" in (stream.encoding or "utf-8").lower():
        return lang
    note(f"in English, because {stream.encoding!r} has no letters for {lang!r}: set PYTHONUTF8=1, or write to a file")
    return ENGLISH


def writable(output: Path | None) -> None:
    """Fail before hours of training when the report could not be written after them."""
    if output is None:
        return
    folder = output.absolute().parent
    if output.is_dir() or not folder.is_dir() or not os.access(output if output.exists() else folder, os.W_OK):
        raise fail(f"cannot write the report to {str(output)!r}: no such folder, or no right to write there")


def write(diagnosis: Diagnosis, form: Format, output: Path | None, stream: IO[str], base: Path) -> int:
    """Write the report to `output`, or to `stream` where there is none.

    Args:
        diagnosis: what to write.
        form: in which format.
        output: file to write to; relative paths are relative to `base`.
        stream: where to write otherwise.
        base: folder that paths in the report are relative to.

    Returns:
        The exit code that fits the diagnosis.
    """
    if output is None:
        _to_stream(diagnosis, form, stream, base)
    else:
        (base / output).write_text(_written(diagnosis, form, base), encoding="utf-8")
        note(f"{_verdict(diagnosis)}{_cure(diagnosis)}; report written to {output}")
    return CLEAN if diagnosis.healthy else FOUND


def tried(diagnosis: Diagnosis, stream: IO[str], base: Path) -> None:
    """Write to `stream` what was tried, below a report that stands there already."""
    from neurologist import report

    stream = sys.stderr if stream.closed else stream
    with suppress(BrokenPipeError):
        stream.write("\n")
        report.terminal.show_trials(diagnosis, stream, base)
        stream.flush()


def _verdict(diagnosis: Diagnosis) -> str:
    if diagnosis.healthy:
        aside = Counter(aside.kind for aside in diagnosis.aside)
        return ", ".join(["nothing found", *(f"{count} {kind}" for kind, count in sorted(aside.items()))])
    if all(finding.severity == "info" for finding in diagnosis.findings):
        return "one batch could not be learnt by heart"
    first = diagnosis.findings[0]
    return f"{first.rule} ({first.code}) found"


def _cure(diagnosis: Diagnosis) -> str:
    if diagnosis.trials is None or not diagnosis.trials.arms:
        return ""
    best = diagnosis.trials.arms[0]
    return f", {best.verdict} by: {best.label}" if diagnosis.trials.found else ", no cure"


def _written(diagnosis: Diagnosis, form: Format, base: Path) -> str:
    from neurologist import report

    if form is Format.json:
        return report.json.text(diagnosis)
    if form is Format.html:
        return report.html.text(diagnosis, base)
    if form is Format.sarif:
        return report.sarif.text(diagnosis, base)
    if form is Format.github:
        return report.github.text(diagnosis, base)
    return report.terminal.text(diagnosis, base=base)


def _to_stream(diagnosis: Diagnosis, form: Format, stream: IO[str], base: Path) -> None:
    from neurologist import report

    with suppress(Exception):  # what the program printed stands first, if its stdout is another and still open
        sys.stdout.flush()
    stream = sys.stderr if stream.closed else stream
    try:
        if form is Format.text:
            report.terminal.show(diagnosis, stream, base)
        else:
            written = _written(diagnosis, form, base)
            if form is Format.html and hasattr(stream, "buffer"):
                stream.flush()
                stream.buffer.write(written.encode())  # the page says that it is in UTF-8
            else:
                # a finding may quote the user's code in letters that the stream cannot write
                stream.write(written if report.terminal.speaks_unicode(stream) else report.words.to_ascii(written))
        stream.flush()
    except BrokenPipeError:
        # `| head` is no error; Python would complain again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
