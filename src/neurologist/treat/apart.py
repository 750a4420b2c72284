"""Running a function in a process of its own: whatever becomes of the process, the caller gets an answer.

A server process imports PyTorch once and is forked for each call, so that a call costs milliseconds; where there is no
such server (Windows), each call starts Python anew. May import: the standard library, cloudpickle.
"""

from __future__ import annotations

import faulthandler
import multiprocessing as mp
import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import cloudpickle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
PRELOADED = ["neurologist.treat.warm"]
NOT_COPIED = (".git", ".hg", ".svn", ".neurologist", "__pycache__", ".venv", "venv", "node_modules")
LARGEST = 2 * 1024**3  # bytes of a folder that is copied for each call
STARTING = threading.Lock()


class CallFailed(RuntimeError):
    """The function raised what cannot be sent between processes; the message is its traceback."""


@dataclass(frozen=True)
class Lost:
    """A process ended without an answer; `reason` says how, in words."""

    reason: str


@dataclass(frozen=True)
class Setting:
    """What a process is like in which a function runs.

    Attributes:
        threads: of torch; None for as many as it likes.
        seconds: after which it is stopped from outside; None never.
        isolate: it gets its own copy of the current folder, which is gone afterwards.
    """

    threads: int | None = None
    seconds: float | None = None
    isolate: bool = False


def apart(function: Callable[[], T], setting: Setting | None = None, alive: set[Any] | None = None) -> T | Lost:
    """Call a function in a new process. What it prints goes nowhere; its standard input is empty.

    Args:
        function: pickled by value where it is the main module's own.
        setting: what the process is like.
        alive: holds the process while it runs, so that it can be stopped from outside.

    Raises:
        Exception: what the function raised.
    """
    setting = setting or Setting()
    context = _context()
    mine, theirs = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="neurologist-") as folder:
        said = Path(folder, "stderr")
        with STARTING:  # another thread may be starting the server, from a folder of its own
            current = str(Path.cwd())
        here = (str(said), current, list(sys.path), dict(os.environ), mp.get_start_method(allow_none=True))
        job = cloudpickle.dumps((function, setting, here))
        process: BaseProcess = context.Process(target=_serve, args=(job, theirs))
        with _no_main():
            process.start()
        theirs.close()
        alive = set() if alive is None else alive
        alive.add(process)
        try:
            answer = _received(mine, process, setting.seconds)
        finally:
            stop(process)
            alive.discard(process)
        if isinstance(answer, Lost):
            return Lost(answer.reason + _last_line(said))
    well, value = cloudpickle.loads(answer)
    if not well:
        raise value
    return value  # type: ignore[no-any-return]


def stop(process: BaseProcess) -> None:
    """End a process that may be running still."""
    if process.is_alive():
        process.join(0.5)  # it has answered, and is at its end
    if process.is_alive():
        process.kill()
    process.join()


def possible() -> bool:
    """False in a process that may have none of its own."""
    return not mp.current_process().daemon


def _context() -> Any:
    if "forkserver" not in mp.get_all_start_methods():
        return mp.get_context("spawn")
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    _start_server()
    return context


@contextmanager
def _no_main() -> Iterator[None]:
    """Python would import the main module once more in the new process: for a script without a guard, run it."""
    with STARTING:
        kept = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = kept


def _start_server() -> None:
    """From a folder without modules: a `random.py` in the current one would be taken for Python's own."""
    with STARTING:
        here = Path.cwd()
        os.chdir(sys.prefix)
        try:
            forkserver.ensure_running()
        finally:
            os.chdir(here)


def _received(pipe: Connection, process: BaseProcess, seconds: float | None) -> bytes | Lost:
    if not pipe.poll(seconds):
        process.kill()
        return Lost(f"no end within {seconds:.0f} s")
    try:
        return pipe.recv_bytes()
    except EOFError:
        process.join()
    code = process.exitcode
    if code is None or code >= 0:
        return Lost(f"its process ended with exit code {code}")
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return Lost(f"killed by {name}" + (", as when memory runs out" if name == "SIGKILL" else ""))


def _last_line(said: Path) -> str:
    """What the process said last on its standard error, warnings apart."""
    with suppress(OSError):
        lines = [line.rstrip() for line in said.read_text(encoding="utf-8", errors="replace").splitlines()]
        told = [line for line in lines if line and not line[0].isspace() and "Warning: " not in line]
        return f": {told[-1][:200]}" if told else ""
    return ""


# -- in the new process ---------------------------------------------------------------------------------------


def _serve(job: bytes, pipe: Connection) -> None:
    threading.Thread(target=_follow, daemon=True).start()
    try:
        function, setting, (said, folder, path, environment, method) = cloudpickle.loads(job)
        sys.path[:] = path
        mp.set_start_method(method, force=True)  # of a DataLoader's workers, say
        os.environ.clear()
        os.environ.update(environment)
        _quiet(said)
        with _folder(folder, setting.isolate):
            if setting.threads is not None:
                _limit(setting.threads)
            answer = (True, function())
    except BaseException as error:
        answer = (False, error)
    try:
        data = cloudpickle.dumps(answer)
    except Exception:
        data = cloudpickle.dumps((False, CallFailed("".join(traceback.format_exception(answer[1])))))
    pipe.send_bytes(data)
    pipe.close()


def _follow() -> None:
    """End with the process that asked: nobody waits for the answer any more."""
    parent = mp.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _quiet(said: str) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # stays open to the end of the process
    with suppress(OSError, RuntimeError):
        faulthandler.disable()


def _limit(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


@contextmanager
def _folder(folder: str, isolate: bool) -> Iterator[None]:
    if not isolate:
        os.chdir(folder)
        yield
        return
    with tempfile.TemporaryDirectory(prefix="neurologist-") as place:
        copy = Path(place, Path(folder).name or "root")
        shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        os.chdir(copy)
        try:
            yield
        finally:
            os.chdir(folder)


def copied_bytes(folder: Path, limit: int = LARGEST) -> int:
    """What a copy of a folder would take; counting stops beyond `limit`."""
    total = 0
    for path in files_below(folder):
        with suppress(OSError):
            total += path.lstat().st_size
        if total > limit:
            break
    return total


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder that a copy of it holds."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in NOT_COPIED]
        yield from (Path(root, name) for name in files)
