"""PyTorch's compiler: waiting for it, and running what it compiled eagerly for a while.

It is imported by the first `torch.compile`, and not before, for that takes seconds. May import: torch.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import torch

DYNAMO = "torch._dynamo"

_waiting: list[Callable[[], None]] = []
_compile: Any = torch.compile
_standing = False
_eager: list[object] = []  # who wants compiled code to run eagerly: sessions of several threads overlap in any order
_stance: Any = None
_lock = threading.Lock()


def eager_for(who: object) -> None:
    """Let compiled code run eagerly, until nobody wants that any more."""
    global _stance
    with _lock:
        if who in _eager:
            return
        _eager.append(who)
        if len(_eager) == 1:
            _stance = torch.compiler.set_stance("force_eager")
            _stance.__enter__()


def eager_no_more_for(who: object) -> None:
    """Let it run as compiled again, as far as this one is concerned."""
    with _lock:
        if who not in _eager:
            return
        _eager.remove(who)
        if not _eager:
            _stance.__exit__(None, None, None)


def when_there(tell: Callable[[], None]) -> None:
    """Call `tell` as soon as there is a compiler: now, or after the first `torch.compile`."""
    global _compile, _standing
    if DYNAMO in sys.modules:
        tell()
        return
    if not _standing:
        _compile, torch.compile, _standing = torch.compile, _first_compiled, True
    if tell not in _waiting:
        _waiting.append(tell)


def no_more(tell: Callable[[], None]) -> None:
    """Let one go that waits; with the last one, what stands for `torch.compile` is taken out."""
    global _standing
    if tell in _waiting:
        _waiting.remove(tell)
    if not _waiting and torch.compile is _first_compiled:  # else someone else's calls ours, which passes on
        torch.compile, _standing = _compile, False


def _first_compiled(*arguments: Any, **options: Any) -> Any:
    made = _compile(*arguments, **options)
    while _waiting:
        tell = _waiting[0]
        no_more(tell)
        tell()
    return made
