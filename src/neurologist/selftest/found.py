"""Finds the stacks: every module in `stacks/`.

To add one, add a file there: its docstring's first line is the title, `train()` trains a small network for a few steps
and returns what must stay the same, a module or a tensor; `MISSING`, where it is set, says what cannot be measured.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from neurologist.selftest import stacks as family


@dataclass(frozen=True)
class Stack:
    """A way of training.

    Attributes:
        name: its file's, with dashes; title: what it is.
        train: trains a few steps and returns the network.
        missing: what cannot be measured there, in words; "" where everything can.
        bitwise: whether training stays the same to the last bit.
    """

    name: str
    title: str
    train: Callable[[], Any]
    missing: str
    bitwise: bool


@cache
def stacks() -> dict[str, Stack]:
    """Every stack by its name."""
    found = {}
    for info in pkgutil.iter_modules(family.__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{family.__name__}.{info.name}")
            title = (module.__doc__ or "").split("\n")[0].rstrip(".")
            name = info.name.replace("_", "-")
            missing, bitwise = getattr(module, "MISSING", ""), getattr(module, "BITWISE", True)
            found[name] = Stack(name, title, module.train, missing, bitwise)
    return found
