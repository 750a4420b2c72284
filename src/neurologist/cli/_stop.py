"""Counting a program's steps from outside: to stop it after some, and to show that it is alive.

May import: torch, inside functions only. To do more at every step, pass `watching` another function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from neurologist.treat.script import Stop


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
