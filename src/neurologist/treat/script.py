"""Running a program as `python script.py args` and `python -m module args` run it.

The program gets its own `__main__`, `sys.argv` and `sys.path[0]`, keeps its exit code, and a traceback shows its
frames only. Nothing here knows what is examined. May import: the standard library.
To support another way of starting a program, write a function that returns a `Program`.
"""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import IO, Any

OURS = tuple(str(Path(__file__).resolve().parents[1] / room) + os.sep for room in ("cli", "watch", "tape", "treat"))
INTERRUPTED = 130  # what shells report for Ctrl-C
TERMINATED = 143  # and for SIGTERM


class Stop(BaseException):  # no error, and no `except Exception` of the program may catch it
    """Raised inside the program to end it early, because enough was seen."""


class Terminated(BaseException):
    """Raised inside the program when its process was told to end."""


class Exited(Exception):
    """The program ended itself; the message is its exit code and what it said last."""


class NoProgram(Exception):  # a message, like SystemExit
    """There is nothing to run; the message says why."""


@dataclass(frozen=True)
class Program:
    """A program ready to run: `load` gives its code and its `__main__`, and may itself run the program's code."""

    name: str
    stem: str
    argv: list[str]
    path: str
    load: Callable[[], tuple[CodeType, ModuleType]]

    def __call__(self) -> None:
        """Run it once more from scratch, see `rerun`."""
        rerun(self)


@dataclass(frozen=True)
class Outcome:
    """How a program ended: the exit code Python would give, a status in words, and whether any of it ran."""

    code: int
    status: str
    began: bool = True


def script(path: str, arguments: Sequence[str]) -> Program:
    """A script file.

    Raises:
        NoProgram: there is no such file.
    """
    file = Path(path)
    if file.is_dir():
        raise NoProgram(f"{path!r} is a folder, not a script: name a file in it, or use -m for a package")
    if not file.exists():
        raise NoProgram(f"no script at {path!r}: options come before the script, its arguments after it")

    def load() -> tuple[CodeType, ModuleType]:
        absolute = str(file.absolute())
        main = _main_module(absolute, None, SourceFileLoader("__main__", absolute), None)
        return _compiled(file.read_bytes(), absolute), main

    return Program(path, file.stem, [path, *arguments], str(file.resolve().parent), load)


def module(name: str, arguments: Sequence[str]) -> Program:
    """A module or package, as `python -m` runs it."""

    def load() -> tuple[CodeType, ModuleType]:
        spec = _spec(name)
        loader = spec.loader
        code = getattr(loader, "get_code", lambda _: None)(spec.name)
        if code is None:
            raise NoProgram(f"module {name!r} has no Python code to run")
        sys.argv[0] = spec.origin or name
        return code, _main_module(spec.origin, spec, loader, spec.parent)

    return Program(f"-m {name}", name.rsplit(".", 1)[-1], ["-m", *arguments], str(Path.cwd()), load)


def _spec(name: str) -> ModuleSpec:
    try:
        spec = None if name.startswith(".") else importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
            if spec is None:
                raise NoProgram(f"package {name!r} cannot be run: it has no __main__.py")
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the package exists, and an import in it fails
        spec = None
    except ValueError:
        spec = None
    if spec is None:
        raise NoProgram(f"no module named {name!r}: expected a name like package.module, found from the current folder")
    return spec


def _main_module(file: str | None, spec: ModuleSpec | None, loader: object, package: str | None) -> ModuleType:
    main = ModuleType("__main__")
    names = {"__file__": file, "__spec__": spec, "__loader__": loader, "__package__": package, "__cached__": None}
    names |= {"__builtins__": sys.modules["builtins"]}
    if sys.version_info < (3, 14):
        names["__annotations__"] = {}
    main.__dict__.update({k: v for k, v in names.items() if k != "__file__" or v is not None})
    return main


def _compiled(source: bytes, name: str) -> CodeType:
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except ValueError as error:  # null bytes: Python calls it a SyntaxError when it runs a file
        raise SyntaxError(str(error)) from None


def enter(program: Program) -> None:
    """Make this process the program's: `sys.argv` and `sys.path` as it expects them."""
    started = str(Path(sys.argv[0]).resolve().parent) if sys.argv and sys.argv[0] else ""
    sys.argv[:] = program.argv
    if getattr(sys.flags, "safe_path", False):
        return
    if sys.path and sys.path[0] in ("", started, str(Path.cwd())):
        sys.path.pop(0)
    sys.path.insert(0, program.path)


def run(program: Program) -> Outcome:
    """Run the program to its end, whatever end that is; a traceback is printed as Python prints it.

    Raises:
        NoProgram: there turned out to be nothing to run.
    """
    main: ModuleType | None = None
    try:
        code, main = program.load()
        # stays in place to the end of the process: atexit functions and threads still live in it
        sys.modules["__main__"] = main
        exec(code, main.__dict__)
    except Stop as stop:
        return Outcome(0, str(stop))
    except NoProgram:
        raise
    except Terminated:
        return Outcome(TERMINATED, "interrupted")
    except SystemExit as request:
        return _exited(request.code)
    except KeyboardInterrupt as error:
        with suppress(Terminated):
            _print_traceback(error)
        return Outcome(INTERRUPTED, "interrupted")
    except BaseException as error:
        with suppress(Terminated):  # launchers end all processes as soon as one failed
            _print_traceback(error)
        return Outcome(1, f"failed: {type(error).__name__}: {error}"[:300], began=main is not None)
    return Outcome(0, "finished")


def rerun(program: Program) -> None:
    """Run the program once more from scratch, quietly: an error passes through, and this process stays its own.

    Modules that the program imports from its own folder are imported anew each time.

    Raises:
        NoProgram: there turned out to be nothing to run.
        Exited: the program ended itself with an exit code other than 0.
    """
    kept = list(sys.argv), list(sys.path), set(sys.modules), sys.modules["__main__"]
    heard = _Heard(sys.stderr)
    try:
        with redirect_stderr(heard):
            enter(program)
            code, main = program.load()
            sys.modules["__main__"] = main
            exec(code, main.__dict__)
    except SystemExit as request:
        if (outcome := _exited(request.code)).code:
            said = str(request.code) if isinstance(request.code, str) else heard.last
            raise Exited(f"exit code {outcome.code}{f': {said}' if said else ''}"[:300]) from None
    finally:
        sys.argv[:], sys.path[:] = kept[0], kept[1]
        sys.modules["__main__"] = kept[3]
        for name in set(sys.modules) - kept[2]:
            if _own(getattr(sys.modules[name], "__file__", None) or "", program.path):
                del sys.modules[name]


class _Heard(io.TextIOBase):
    """Passes on what is written, and keeps the last line of it."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self.last = stream, ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Blank lines do not count."""
        self.last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), self.last)
        return self._stream.write(text)

    def flush(self) -> None:
        """As the stream does."""
        self._stream.flush()


def _own(file: str, folder: str) -> bool:
    """True for a module of the program's; a virtual environment may stand in its folder."""
    return file.startswith(folder + os.sep) and "site-packages" not in file and "dist-packages" not in file


def _exited(code: object) -> Outcome:
    if code is None:
        return Outcome(0, "finished")
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        return Outcome(1, f"failed: {code}"[:300])
    number = int(code) & 0xFF
    return Outcome(number, f"failed: exit code {number}" if number else "finished")


def _print_traceback(error: BaseException) -> None:
    _without_ours(error)
    with suppress(Exception):  # the program may have closed it
        sys.stdout.flush()
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except Exception:
        sys.__excepthook__(type(error), error, error.__traceback__)


def _without_ours(error: BaseException | None) -> None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = _users(error.__traceback__)
        _without_ours(error.__cause__)
        error = error.__context__


def _users(trace: TracebackType | None) -> TracebackType | None:
    frames: list[TracebackType] = []
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(OURS) and not (not frames and _machinery(name)):
            frames.append(trace)
        trace = trace.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _machinery(name: str) -> bool:
    return name.startswith("<frozen ") or Path(name).parent.name == "importlib"
