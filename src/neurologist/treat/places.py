"""Where things happen in the program's source: calls to their column, the stack, and where each module was made.

May import: torch, `tape.origin`.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

from torch import nn

from neurologist.tape.origin import is_users

MADE_BY = 100  # frames looked at above the making of a module, at most
HERE = Path(__file__).parent
WITHIN = ("arm.py", "forward.py", "objective.py", "places.py", "tracing.py")  # of us, what a program runs through


@dataclass(frozen=True)
class Where:
    """A call in the program's source, told by where it ends: no two calls end at the same place.

    Attributes:
        file, line, end_line: of the call; lines from 1.
        start, end: columns in bytes, from 0; None where Python does not keep them (before 3.11).
        function, first: name of the function around it, "<module>" outside any, and its first line.
        names: what the program calls things there: "model" -> "self.net".
    """

    file: str
    line: int
    end_line: int
    start: int | None
    end: int | None
    function: str
    first: int
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def named(self) -> bool:
        """The function is one of statements: no lambda, no comprehension."""
        return self.function == "<module>" or not self.function.startswith("<")


@dataclass(frozen=True)
class Made:
    """A module of a model.

    Attributes:
        kind: name of its class. own: the class is the program's own; then `forward` is where its forward begins.
        stack: the calls that made it, innermost first; empty where that was not seen.
        sizes: what its class is told of sizes: "in_features", "out_channels", ...
    """

    kind: str
    own: bool = False
    stack: tuple[Where, ...] = ()
    forward: tuple[str, int] | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def at(self) -> Where | None:
        """The call that made it."""
        return self.stack[0] if self.stack else None


SIZES = ("in_features", "out_features", "in_channels", "out_channels", "num_features")


def where(frame: FrameType, wanted: Mapping[int, str] | None = None) -> Where:
    """Where a frame is, with the names that it has for objects: id -> role."""
    code = frame.f_code
    line: int | None = frame.f_lineno
    end_line, start, end = line, None, None
    if hasattr(code, "co_positions"):
        line, end_line, start, end = next(islice(code.co_positions(), frame.f_lasti // 2, None))
    line = line or frame.f_lineno
    names = _names(frame, wanted) if wanted else {}
    return Where(code.co_filename, line, end_line or line, start, end, code.co_name, code.co_firstlineno, names)


def users(frame: FrameType | None, most: int = 1000) -> Iterator[FrameType]:
    """The program's own frames, innermost first, among so many; not those that called us to run it."""
    while frame is not None and most and not _runs(frame.f_code.co_filename):
        if is_users(frame.f_code.co_filename):
            yield frame
        frame, most = frame.f_back, most - 1


@cache
def _runs(file: str) -> bool:
    """True for our own files that run programs: what called them is no part of the program."""
    return Path(file).parent == HERE and Path(file).name not in WITHIN


def _names(frame: FrameType, wanted: Mapping[int, str]) -> dict[str, str]:
    """Names of objects in a frame, and of what `self` holds there; the first of each."""
    found: dict[str, str] = {}
    own = frame.f_locals.get("self")
    spaces: list[tuple[str, Mapping[str, Any]]] = [("", frame.f_locals), ("self.", getattr(own, "__dict__", {}))]
    if not isinstance(own, nn.Module) or "_modules" not in own.__dict__:
        spaces.append(("", frame.f_globals))
    else:
        spaces.insert(2, ("self.", own._modules))
    for prefix, space in spaces:
        for name, value in list(space.items()):
            role = wanted.get(id(value))
            if role is not None and role not in found and name.isidentifier():
                found[role] = prefix + name
    return found


class Births:
    """Notes where each module is made, from now until it is closed or let go."""

    def __init__(self) -> None:
        places: weakref.WeakKeyDictionary[nn.Module, tuple[Where, ...]] = weakref.WeakKeyDictionary()
        plain = nn.Module.__init__

        def noted(module: nn.Module, *args: Any, **named: Any) -> None:
            frame: FrameType | None = sys._getframe(1)
            while frame is not None and frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is module:
                frame = frame.f_back
            places[module] = tuple(map(where, users(frame, MADE_BY)))
            plain(module, *args, **named)

        def restore() -> None:
            if vars(nn.Module)["__init__"] is noted:
                setattr(nn.Module, "__init__", plain)  # noqa: B010  # a method, to mypy, cannot be assigned

        setattr(nn.Module, "__init__", noted)  # noqa: B010
        self._places = places
        self._restore = weakref.finalize(self, restore)

    def close(self) -> None:
        """Note no more."""
        self._restore()

    def table(self, model: nn.Module) -> dict[str, Made]:
        """The modules of a model by their paths."""
        return {path: self._made(module) for path, module in model.named_modules()}

    def _made(self, module: nn.Module) -> Made:
        kind = type(module)
        code = getattr(kind.forward, "__code__", None)
        own = code is not None and is_users(code.co_filename)
        sizes = {name: int(size) for name in SIZES if isinstance(size := getattr(module, name, None), int)}
        sizes |= {"bias": int(getattr(module, "bias", None) is not None)}
        begins = (code.co_filename, code.co_firstlineno) if own and code is not None else None
        return Made(kind.__name__, own, self._places.get(module, ()), begins, sizes)
