"""The user's line behind an op, from the stack that anomaly mode keeps on every autograd node.

The deepest frame in the user's own files is the line to name. Where that line only calls a container
(`nn.Sequential`), the line to edit is the one that put the layer into it: `declared` finds it in the source.
May import: the standard library.
"""

from __future__ import annotations

import ast
import linecache
import os
import re
import site
import sysconfig
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

FRAME = re.compile(r'\s*File "(.+?)", line (\d+), in (\S+)')
CHECKPOINT = str(Path("torch", "utils", "checkpoint.py"))
RECOMPUTED = "backward"  # the function there that runs a reentrant part again, on a tape of its own
CONTAINER = str(Path("torch", "nn", "modules", "container.py"))
FUNCTIONAL = (str(Path("torch", "nn", "functional.py")), str(Path("torch", "functional.py")))
OURS = str(Path(__file__).parents[1])
EXAMPLES = str(Path(OURS) / "specimens")  # specimens are programs to examine, not part of the examination


class Frame(NamedTuple):
    """One frame of a stack: file, line number from 1, function name."""

    file: str
    line: int
    function: str


class Place(NamedTuple):
    """Where an op was made: the user's frame, and the torch function and container that it went through."""

    user: Frame | None
    function: str | None  # outermost torch.nn.functional function below the user's line
    container: bool  # the user's line called a container that called the layer
    checkpointed: bool  # inside non-reentrant activation checkpointing: saved tensors must not be touched
    callers: frozenset[str] = frozenset()  # names of the user's functions on the stack


NOWHERE = Place(None, None, False, False)


@cache
def _library() -> tuple[str, ...]:
    paths = {sysconfig.get_path(k) for k in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(sorted({*paths, *site.getsitepackages(), site.getusersitepackages()}))


@cache
def is_users(file: str) -> bool:
    """True when a file is the user's own code: not Python's, not installed, not ours."""
    if file.startswith("<") and not file.startswith("<ipython"):
        return False
    if file.startswith(OURS):
        return file.startswith(EXAMPLES)
    return not file.startswith(_library()) and "site-packages" not in file and "dist-packages" not in file


@cache
def _frame(text: str) -> Frame | None:
    match = FRAME.match(text)
    return Frame(match[1], int(match[2]), match[3]) if match else None


def read(stack: Sequence[str]) -> Place:
    """Place of an op from its creation stack, outermost frame first, as anomaly mode stores it."""
    frames = [frame for text in reversed(stack) if (frame := _frame(text)) is not None]
    checkpointed = any(frame.file.endswith(CHECKPOINT) and frame.function != RECOMPUTED for frame in frames)
    function, container, fallback = None, False, None
    ours = False
    for frame in frames:
        if is_users(frame.file):
            callers = frozenset(f.function for f in frames if f.file == frame.file)
            return Place(frame, function, container, checkpointed, callers)
        ours |= frame.file.startswith(OURS)
        if frame.file.endswith(FUNCTIONAL) and not frame.function.startswith("_") and not ours:
            function = frame.function  # what a treatment calls stands for the call that it took the place of
        container |= frame.file.endswith(CONTAINER)
        if fallback is None and f"{os.sep}torch{os.sep}" not in frame.file and not frame.file.startswith(OURS):
            fallback = frame
    return Place(fallback, function, container, checkpointed)


def code(file: str | None, line: int | None) -> str | None:
    """The stripped source line, or None when it cannot be read."""
    return (linecache.getline(file, line).strip() or None) if file and line else None


def declared(place: Place, siblings: Sequence[str], index: int) -> int | None:
    """Line that puts a layer into its container, when the source leaves no doubt.

    Args:
        place: where the container was called.
        siblings: all layers of its container, in order, as PyTorch prints them: "Linear(in_features=4, ...)".
        index: which of them it is.
    """
    if place.user is None:
        return None
    calls = _calls(place.user.file)
    same = [call for call in calls.get("Sequential", []) if _fits(call.node.args, siblings)]
    found = {call.node.args[index].lineno: call.function for call in same}
    if not found:
        found = {call.node.lineno: call.function for call in calls.get(siblings[index].partition("(")[0], [])}
    near = [line for line, function in found.items() if function in place.callers]
    lines = near if len(found) > 1 else list(found)
    return lines[0] if len(lines) == 1 else None


def made_at(files: Iterable[str], name: str) -> Frame | None:
    """Where the user's files call a class of this name, when exactly one place does."""
    found = [Frame(file, call.node.lineno, call.function) for file in files for call in _calls(file).get(name, [])]
    return found[0] if len(found) == 1 else None


def given_at(files: Iterable[str], words: Collection[str], value: object) -> Frame | None:
    """Where the user's files give one of these keyword arguments, when one place does, or one with this literal value.

    Frameworks make optimizers themselves: the learning rate is then given to a Trainer.
    """
    found = [
        (Frame(file, word.value.lineno, call.function), getattr(word.value, "value", value))
        for file in files
        for same in _calls(file).values()
        for call in same
        for word in call.node.keywords
        if word.arg in words
    ]
    fitting = [frame for frame, literal in found if literal == value]
    return fitting[0] if len(fitting) == 1 else None


class Call(NamedTuple):
    """A call in the source, and the function around it ("<module>" outside any)."""

    node: ast.Call
    function: str


def calls(file: str, name: str) -> list[Call]:
    """The calls of a function or class of this name in a file."""
    return _calls(file).get(name, [])


def _fits(arguments: Sequence[ast.expr], siblings: Sequence[str]) -> bool:
    """True when the arguments of a call construct these layers: same classes, and same sizes where they are literal."""
    if [_callee(a) for a in arguments] != [text.partition("(")[0] for text in siblings]:
        return False
    for argument, text in zip(arguments, siblings, strict=True):
        literal = [a.value for a in getattr(argument, "args", []) if isinstance(a, ast.Constant)]
        sizes = [int(n) for n in re.findall(r"\b\d+\b", text)]
        if all(isinstance(n, int) for n in literal) and sizes[: len(literal)] != literal:
            return False
    return True


def _callee(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


@cache
def _calls(file: str) -> dict[str, list[Call]]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return {}
    calls: dict[str, list[Call]] = {}
    queue: list[tuple[ast.AST, str]] = [(tree, "<module>")]
    for node, function in queue:
        if isinstance(node, ast.Call):
            calls.setdefault(_callee(node), []).append(Call(node, function))
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        queue += [(child, inner) for child in ast.iter_child_nodes(node)]
    return calls
