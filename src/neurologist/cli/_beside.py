"""A run's page beside the run: a process of its own, so that training neither waits for it nor breaks with it.

It is no child of the training process, which may count and wait for children of its own; it ends by itself once the
record says that the run is over, or its process is gone. May import: typer and the other shared modules of `cli`;
`record` and `report` inside functions, never torch.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from neurologist.cli._output import fail, note
from neurologist.cli._stop import at_steps

ITSELF = "import sys; sys.path[:1] = [p for p in sys.path[:1] if p]; from neurologist.cli import main; main()"
EVERY = 2.0  # seconds between two writings of the losses
BEGIN = 120.0  # seconds within which a run begins to write: loading torch can take its time
WAIT = 10.0  # seconds within which a page comes to its end


class Writing(Protocol):
    """What is needed of a session."""

    def write(self) -> None:
        """Put what was seen so far into the record."""


@contextmanager
def beside(record: Path | None, wanted: bool, port: int | None, opened: bool, lang: str) -> Iterator[None]:
    """Show the page of a record that is about to be written, until the end of the block."""
    if not wanted:
        yield
        return
    if record is None or os.name == "nt":
        note("no live page: " + ("the record is kept in memory" if record is None else "use watch-run beside the run"))
        yield
        return
    process = _started(record, port, opened, lang)
    try:
        yield
    finally:
        _ended(process, record)


@contextmanager
def writing(session: Writing, wanted: bool) -> Iterator[None]:
    """Write the record every few seconds, so that the page follows between two examined steps as well."""
    if not wanted:
        yield
        return
    last = time.monotonic()

    def step() -> None:
        nonlocal last
        if time.monotonic() - last > EVERY:
            session.write()
            last = time.monotonic()

    with at_steps(step):
        yield


def _started(record: Path, port: int | None, opened: bool, lang: str) -> int | None:
    from neurologist.report.live import address, bound

    try:
        listening = bound(port)
    except OSError as error:
        said = f"{error.strerror or error}; choose another --port, or leave it out"
        raise fail(f"no live page on port {port}: {said}") from None
    with listening:
        number = listening.fileno()
        options = [str(record.absolute()), "--socket", str(number), "--lang", lang]
        done = subprocess.run(
            [sys.executable, "-c", ITSELF, "watch-run", *options], pass_fds=[number], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not done.stdout.strip().isdigit():
            note(f"no live page: {(done.stderr.strip().splitlines() or ['it did not start'])[-1]}")
            return None
        note(f"live at {address(listening)}")
        if opened:
            webbrowser.open(address(listening))
    return int(done.stdout)


def detached(number: int) -> socket.socket:
    """The socket that a run handed over; from here on this process is none of the run's."""
    found = socket.socket(fileno=number)
    child = os.fork()
    if child:
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os._exit(0)
    os.setsid()
    with suppress(OSError):
        os.nice(5)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return found


def waited_for(record: Path, patient: bool) -> bool:
    """Whether a record is being written; one that is about to be is waited for.

    Raises:
        RecordError: there is none.
    """
    from neurologist.record import RecordError
    from neurologist.record.opening import going

    end = time.monotonic() + (BEGIN if patient else 0)
    while True:
        try:
            return going(record)
        except RecordError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.1)


def _ended(process: int | None, record: Path) -> None:
    """Let a browser see the end; then nothing is left behind."""
    from neurologist.record.process import alive, mark

    if process is None:
        return
    marked, end = mark(process), time.monotonic() + (WAIT if record.exists() else 0)
    while alive(marked):
        if time.monotonic() > end:
            with suppress(OSError):
                os.kill(process, signal.SIGTERM)
            return
        time.sleep(0.05)
