"""The user's line that makes a layer, for layers which a framework calls from its own code.

Keras keeps its layers in lists of its own and calls them inside `fit`, so that the only user's line on the stack is
that of `fit`. The line to edit is the one that makes the layer: it is found in the source where that leaves no doubt.
May import: torch, `tape.origin`.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from torch import nn

from neurologist.tape.origin import Call, Frame, calls, is_users

NUMBERED = re.compile(r"(.*?)(?:_(\d+))?")  # names that a framework gives by itself: dense, dense_1, ...
FILES = 200  # of the user's, beyond which the source is not searched
Made = tuple[Frame, Call]


def users_files() -> list[str]:
    """Source files of the user's that are loaded."""
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    found = sorted(file for file in files if isinstance(file, str) and file.endswith(".py") and is_users(file))
    return found if len(found) <= FILES else []


def made_by(modules: Sequence[nn.Module], files: Iterable[str]) -> dict[int, Frame]:
    """By a module's id, the line that makes it, for those where the source leaves no doubt.

    Args:
        modules: all layers of one forward pass that no other module holds.
        files: where they may have been made.
    """
    by_class: dict[str, list[nn.Module]] = {}
    for module in modules:
        by_class.setdefault(type(module).__name__, []).append(module)
    files = list(files)
    found: dict[int, Frame] = {}
    for name, same in by_class.items():
        made = [(Frame(file, call.node.lineno, call.function), call) for file in files for call in calls(file, name)]
        found |= _assign(same, made)
    return found


def _assign(modules: Sequence[nn.Module], made: Sequence[Made]) -> dict[int, Frame]:
    groups: dict[tuple[int, ...], list[nn.Module]] = {}
    for module in modules:
        fitting = tuple(i for i, (_, call) in enumerate(made) if _fits(call.node, module))
        groups.setdefault(fitting, []).append(module)
    found: dict[int, Frame] = {}
    for fitting, same in groups.items():
        lines = [made[i][0] for i in fitting]
        if len(lines) == 1:  # made once, or by one line again and again
            found |= {id(module): lines[0] for module in same}
        elif len(lines) == len(same) and (ordered := _in_order(same)):
            found |= {id(module): line for module, line in zip(ordered, lines, strict=True)}
    return found


def _in_order(modules: Sequence[nn.Module]) -> list[nn.Module] | None:
    """Layers in the order in which they were made, where their names count them."""
    names = [NUMBERED.fullmatch(str(vars(module).get("name") or "")) for module in modules]
    if any(name is None or not name[1] for name in names) or len({name[1] for name in names if name}) != 1:
        return None
    numbers = [int(name[2] or 0) for name in names if name]
    return [module for _, module in sorted(zip(numbers, modules, strict=True), key=lambda pair: pair[0])]


def _fits(call: ast.Call, module: nn.Module) -> bool:
    """True unless a literal argument says otherwise than the layer's attribute of that name."""
    has = vars(module)
    given = [
        *zip(_parameters(type(module).__init__), call.args, strict=False),
        *((k.arg, k.value) for k in call.keywords),
    ]
    literal = [(name, value.value) for name, value in given if isinstance(value, ast.Constant)]
    return all(_agrees(has[name], value) for name, value in literal if name in has)


@cache
def _parameters(initialise: Callable[..., None]) -> tuple[str, ...]:
    """Names of what an object is made with, in order."""
    try:
        return tuple(inspect.signature(initialise).parameters)[1:]
    except (TypeError, ValueError):
        return ()


def _agrees(value: Any, literal: Any) -> bool:
    if literal is None or value is None:  # None often stands for a choice
        return True
    named = getattr(value, "__name__", None) if isinstance(literal, str) else None
    return bool(named == literal or value == literal or (isinstance(value, tuple) and set(value) == {literal}))
