"""Optimizers that are none of torch's: each file here knows one library's, and is found by discovery.

A member has `PACKAGE`, the module without which there is nothing to see, and `install(tell)`: from then on
`tell("stepping", look)` and `tell("stepped", look)` are called around each step, where `look()` gives an optimizer
that has the `param_groups` of torch's, or None where this call is no step. It gives the function that takes
everything out again, or None where there is nothing to see. Members import their library inside functions only: a user
who does not use it never loads it.
May import: torch.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

Tell = Callable[[str, Callable[[], Any]], None]


@cache
def _members() -> tuple[ModuleType, ...]:
    return tuple(import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))


class Foreign:
    """The libraries that are watched, from the moment they are loaded.

    Args:
        tell: gets each step of their optimizers.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._waiting = list(_members())
        self._remove: list[Callable[[], None]] = []

    @property
    def due(self) -> bool:
        """Whether a library was loaded since; cheap, for it is asked at each backward pass."""
        return any(member.PACKAGE in sys.modules for member in self._waiting)

    def look(self) -> None:
        """Watch what was loaded since."""
        for member in [m for m in self._waiting if m.PACKAGE in sys.modules]:
            self._waiting.remove(member)
            if (remove := member.install(self._tell)) is not None:
                self._remove.append(remove)

    def close(self) -> None:
        """Take everything out."""
        while self._remove:
            self._remove.pop()()
