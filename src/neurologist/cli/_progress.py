"""One line that says a long, silent run is alive; gone before the program's own output.

It is shown on a terminal only, only after `SILENCE` seconds without any output of the program, and only when the
program left the cursor at the beginning of a line; a program with its own progress bar never sees it. No thread is
started: a thread would change what `fork` does in the program. May import: the standard library, `cli._stop`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from neurologist.cli._stop import Counting, at_steps

SILENCE = 10.0  # seconds without output after which the line appears
PAUSE = 1.0  # seconds between two updates
ERASE = "\r\x1b[K"


class Progress:
    """The line; `clock` is in seconds."""

    def __init__(self, session: Counting, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.session, self.stream, self.clock = session, stream, clock
        self.shown = False
        self.at_start = True
        self.wrote = self.drawn = self.started = clock()
        self.plain_write = stream.write
        self.process = os.getpid()

    def saw(self, text: str) -> None:
        """The program is about to write `text`: make room, and remember where it leaves the cursor."""
        self.hide()
        self.wrote = self.clock()
        if text:
            self.at_start = text.endswith("\n")

    def step(self) -> None:
        """A step was taken: draw the line when it is time."""
        now = self.clock()
        if not self.at_start or now - self.wrote < SILENCE or now - self.drawn < PAUSE:
            return
        loss = "" if self.session.loss is None else f", loss {self.session.loss:.4g}"
        seconds = int(now - self.started)
        elapsed = f"{seconds // 60}:{seconds % 60:02d}"
        said = f"neurologist: step {self.session.steps:,}, {self.session.samples:,} examined{loss}, {elapsed}"
        self.plain_write(f"{ERASE}{said}")
        self.stream.flush()
        self.shown, self.drawn = True, now

    def hide(self) -> None:
        """Erase the line if it stands there; not from a forked child, which only believes that it does."""
        if self.shown and os.getpid() == self.process:
            self.plain_write(ERASE)
            self.stream.flush()
        self.shown = False


@contextmanager
def progress(session: Counting, wanted: bool) -> Iterator[None]:
    """Show the progress of the block on stderr, when `wanted` and stderr is a terminal."""
    if not wanted or not _terminal(sys.stderr):
        yield
        return
    line = Progress(session, sys.stderr)
    listened = [s for s in (sys.stdout, sys.stderr) if _terminal(s)]
    heard = [s for s in listened if _listen(s, line)]
    try:
        if len(heard) == len(listened):
            with at_steps(line.step):
                yield
        else:
            yield  # output that cannot be seen coming would be garbled
    finally:
        line.hide()
        for stream in heard:
            vars(stream).pop("write", None)


def _terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        return False


def _listen(stream: Any, line: Progress) -> bool:
    original = stream.write

    def write(text: str) -> Any:
        line.saw(text)
        return original(text)

    try:
        stream.write = write
    except AttributeError:
        return False
    return True
