"""Running a program under examination and reporting: what `run` and `check` share.

May import: typer and the other shared modules of `cli`; torch, `watch` and `report` only inside functions.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import typer

from neurologist.cli import _record, _settings
from neurologist.cli._beside import beside, writing
from neurologist.cli._by_heart import learning
from neurologist.cli._output import BROKEN, CLEAN, FOUND, Format, chosen, fail, note, spoken, tried, writable, write
from neurologist.cli._progress import progress
from neurologist.cli._stop import die, heed, stopping, terminable
from neurologist.treat import script as _script

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis, Settings
    from neurologist.treat.fix import Cure
    from neurologist.watch.session import Session
    from neurologist.watch.sinks import Sink


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    `record` None means the default place, `overfit` to learn one batch by heart; `cure` looks for one;
    `live` shows the page while it trains, on `port`, `opened` in a browser. `budget` None means that of the
    settings; `baseline` is a file to write one to; `shadow` as of `watch`.
    """

    target: str
    arguments: list[str]
    module: bool
    steps: int | None
    budget: float | None
    record: Path | None
    form: Format | None
    output: Path | None
    quiet: bool
    lang: str | None = None
    overfit: bool = False
    cure: Callable[[], Cure] | None = None
    live: bool = False
    port: int | None = None
    opened: bool = False
    baseline: Path | None = None
    sinks: Sequence[Sink] = ()
    shadow: bool = False


def examine(request: Request) -> int:
    """Run the program, report, and give the exit code of the whole.

    Of several processes that train together the first one reports; all end with the program's own exit code, for a
    launcher takes any other for a failure.
    """
    from neurologist.watch.ranks import here

    rank = here()
    if rank.number:
        request = replace(request, output=None, form=Format.text, quiet=True, live=False, opened=False, baseline=None)
    writable(request.output)
    form = chosen(request.form, request.output)
    lang = spoken(request.lang, form.spoken, None if request.output or form.alone else sys.stdout)
    base = Path.cwd()
    program = _program(request)
    settings = _settings.found(Path(program.path), writing=request.baseline)
    apart = form.alone and request.output is None
    with ExitStack() as stack:
        stack.callback(heed)
        stream = stack.enter_context(_report_stream(apart))
        record = request.record or _default_record(program)
        stack.enter_context(
            beside(record, request.live, request.port, request.opened, spoken(request.lang, True, None))
        )
        session, outcome = _watched(program, request, record, settings)
        if rank.number:
            return outcome.code
        if not session.steps and not session.samples:
            if request.record is None:
                _record.discard(record)
            return _unseen(program, outcome)
        find = partial(
            _settings.diagnosed, lambda wanted: session.diagnose(settings=wanted), settings, request.baseline, base
        )
        code = _diagnosed(find, lambda found: _reported(found, outcome, request, form, lang, stream, base), record)
    if rank.world > 1:
        return outcome.code
    if outcome.code == _script.TERMINATED and outcome.status == "interrupted":
        die()
    return outcome.code or code


def _diagnosed(find: Callable[[], Diagnosis], report: Callable[[Diagnosis], int], record: Path | None) -> int:
    """Diagnose and report; an error of ours is told, with the place where what was seen is kept."""
    try:
        found = find()
        code = report(found)
        if code == CLEAN and found.by_heart is not None and found.by_heart.learnt is None:
            code = BROKEN
    except KeyboardInterrupt:
        return _script.INTERRUPTED
    except typer.Exit:
        raise
    except Exception as error:
        kept = f"; what was seen is kept in {record}" if record and record.exists() else ""
        note(f"the examination itself failed: {type(error).__name__}: {error}{kept}")
        code = BROKEN
    return code


def _reported(
    found: Diagnosis, outcome: _script.Outcome, request: Request, form: Format, lang: str, stream: IO[str], base: Path
) -> int:
    """Report; where a cure is wanted, look for one and report that too: what was found neither waits nor is lost."""

    def say(told: Diagnosis) -> int:
        return write(told.in_language(lang), form, request.output, stream, base)

    if request.cure is None or found.healthy or outcome.code not in (CLEAN, FOUND):
        return say(found)
    alone = request.output is None and form.alone
    code, told = FOUND if alone else say(found), found
    try:
        cure = request.cure()
        told = replace(found, trials=cure.trials) if cure.diagnosis.healthy else cure.report
    finally:
        if alone or (request.output is not None and told is not found):
            code = say(told)
    if request.output is None and form is Format.text:
        tried(told.in_language(lang), stream, base)
    return code


def _program(request: Request) -> _script.Program:
    make = _script.module if request.module else _script.script
    try:
        return make(request.target, request.arguments)
    except _script.NoProgram as error:
        raise fail(str(error)) from None


def _default_record(program: _script.Program) -> Path | None:
    try:
        return _record.default(program.stem)
    except OSError as error:
        note(f"the record is kept in memory only: cannot write in {_record.FOLDER!r} here: {error.strerror}")
        return None


def _watched(
    program: _script.Program, request: Request, record: Path | None, settings: Settings
) -> tuple[Session, _script.Outcome]:
    session = _session(request, record, settings)
    limit = None if request.overfit else request.steps
    _script.enter(program)
    try:
        with session, progress(session, not request.quiet), stopping(session, limit), writing(session, request.live):
            with learning(session, request.overfit, request.steps) as ended:
                with terminable():
                    outcome = _script.run(program)
                ended(outcome.status)
            session.status = outcome.status
    except _script.NoProgram as error:
        if request.record is None:
            _record.discard(record)
        raise fail(str(error)) from None
    return session, outcome


def _session(request: Request, record: Path | None, settings: Settings) -> Session:
    # all that is needed after the run too: from then on the program's folder may hide a module, `rich` say
    from neurologist import report  # noqa: F401
    from neurologist.diagnose import rules
    from neurologist.watch.session import watch

    rules()

    try:
        session = watch(
            request.budget, record and record.absolute(), sinks=request.sinks, settings=settings, shadow=request.shadow
        )
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise fail(f"cannot write the record {str(record)!r}: {reason}") from None
    if session.lost:
        note(f"cannot write the record {str(record)!r}: {session.lost}")
    return session


def _unseen(program: _script.Program, outcome: _script.Outcome) -> int:
    if outcome.code == 0:
        note(f"nothing to examine: {program.name} never called .backward()")
    elif outcome.began:
        note(f"nothing to examine: {program.name} ended before its first .backward()")
    return outcome.code or BROKEN


@contextmanager
def _report_stream(apart: bool) -> Iterator[IO[str]]:
    """Where the report goes: stdout; `apart` keeps it clean by sending the program's own stdout to stderr."""
    if not apart:
        yield sys.stdout
        return
    try:
        kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    except OSError as error:
        raise fail(f"cannot write to stdout: {error}") from None
    sys.stdout.flush()
    os.dup2(2, 1)
    with kept:
        yield kept
