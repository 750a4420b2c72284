"""The user's line behind an op, from the stack that anomaly mode keeps on every autograd node.

The deepest frame in the user's own files is the line to name. Where that line only calls a container
(`nn.Sequential`), the line to edit is the one that put the layer into it: `declared` finds it in the source.
May import: the standard library.
"""

from __future__ import annotations

import ast
import linecache
import re
import site
import sysconfig
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

FRAME = re.compile(r'\s*File "(.+?)", line (\d+), in (\S+)')
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
    checkpointed: bool  # inside activation checkpointing: saved tensors must not be touched


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
    function, container, checkpointed, fallback = None, False, False, None
    for text in reversed(stack):
        frame = _frame(text)
        if frame is None:
            continue
        if is_users(frame.file):
            return Place(frame, function, container, checkpointed)
        file = frame.file.replace("\\", "/")
        if file.endswith(("torch/nn/functional.py", "torch/functional.py")) and not frame.function.startswith("_"):
            function = frame.function
        container |= file.endswith("torch/nn/modules/container.py")
        checkpointed |= file.endswith("torch/utils/checkpoint.py")
        if fallback is None and "/torch/" not in file and not file.startswith(OURS):
            fallback = frame
    return Place(fallback, function, container, checkpointed)


def code(file: str | None, line: int | None) -> str | None:
    """The stripped source line, or None when it cannot be read."""
    return (linecache.getline(file, line).strip() or None) if file and line else None


def declared(file: str, module_class: str, siblings: Sequence[str], index: int) -> int | None:
    """Line that puts a layer into its container, when the source leaves no doubt.

    Args:
        file: the user's source file.
        module_class: class of the layer, e.g. "Softmax".
        siblings: classes of all layers of its container, in order.
        index: which of them it is.
    """
    calls = _calls(file)
    for call in calls.get("Sequential", []):
        if [_callee(a) for a in call.args] == list(siblings):
            return call.args[index].lineno
    found = {call.lineno for call in calls.get(module_class, [])}
    return found.pop() if len(found) == 1 else None


def _callee(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


@cache
def _calls(file: str) -> dict[str, list[ast.Call]]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return {}
    calls: dict[str, list[ast.Call]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            calls.setdefault(_callee(node), []).append(node)
    return calls
