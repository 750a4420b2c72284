"""Counting a program's steps from outside: to stop it after some, and to show that it is alive; and SIGTERM.

May import: torch, inside functions only. To do more at every step, pass `watching` another function.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from neurologist.treat.script import Stop, Terminated


class Counting(Protocol):
    """What is needed of a session."""

    @property
    def steps(self) -> int:
        """Steps so far."""

    @property
    def samples(self) -> int:
        """Steps examined so far."""

    @property
    def loss(self) -> float | None:
        """The latest loss known."""


@contextmanager
def stopping(session: Counting, limit: int | None) -> Iterator[None]:
    """Raise `Stop` inside the block once the session has seen `limit` steps; None never does."""
    if limit is None:
        yield
        return

    def check() -> None:
        if session.steps >= limit:
            raise Stop(f"stopped after {limit} step{'' if limit == 1 else 's'}, as asked")

    with at_steps(check), _before_backward(check):
        yield


@contextmanager
def at_steps(call: Callable[[], None]) -> Iterator[None]:
    """Call a function after every optimizer step inside the block, after the session's own counting."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    handle = register_optimizer_step_post_hook(lambda *_: call())
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _before_backward(call: Callable[[], None]) -> Iterator[None]:
    # a program that updates its weights by hand has no optimizer step to stop it at
    import torch

    inner = torch.autograd.backward

    def backward(*arguments: Any, **options: Any) -> Any:
        call()
        return inner(*arguments, **options)

    torch.autograd.backward = backward
    try:
        yield
    finally:
        if torch.autograd.backward is backward:
            torch.autograd.backward = inner


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the program inside the block by an exception, so that what was seen can still be reported.

    A handler of the program's own takes its place; children die of it as they would. After the block it waits until
    `heed` is called: launchers end all processes as soon as one failed, and then the report is still to be written.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    mine = os.getpid()

    def end(number: int, _: object) -> None:
        if os.getpid() != mine:
            die()
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is end:
            signal.signal(signal.SIGTERM, _wait)


_waiting: list[int] = []  # signals that came while the report was written


def _wait(number: int, _: object) -> None:
    _waiting.append(number)


def heed() -> None:
    """Let SIGTERM end this process again, at once where one came meanwhile."""
    if signal.getsignal(signal.SIGTERM) is _wait:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _waiting:
        _waiting.clear()
        die()


def die() -> None:
    """End this process as SIGTERM ends one that does not heed it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
