"""The places where training passes by: backward, the optimizer's step, anomaly metadata, eager execution.

Everything that is installed in PyTorch stands in this file and is taken out again by what put it in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch.autograd.graph import GradientEdge
from torch.optim import optimizer as optimizers

Root = torch.Tensor | GradientEdge


class Watcher(Protocol):
    """What a session offers to the doors."""

    def backward(self, roots: Sequence[Root], run: Callable[[], None]) -> None:
        """Stands for a backward pass; `run()` does the real one."""

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer is about to step."""

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer stepped."""


class _Backward:
    """Stands in for `torch.autograd.backward`, through which `Tensor.backward` goes too, while anyone watches."""

    def __init__(self) -> None:
        self.original: Callable[..., None] = torch.autograd.backward

    def __call__(self, tensors: Any, *arguments: Any, **options: Any) -> None:
        single = isinstance(tensors, torch.Tensor | GradientEdge)
        roots: Sequence[Root] = (tensors,) if single else tuple(tensors)  # a generator can be read only once
        run: Callable[[], None] = partial(self.original, tensors if single else roots, *arguments, **options)
        for watcher in reversed(_watchers) if self is _door else ():
            run = partial(watcher.backward, roots, run)
        run()


_watchers: list[Watcher] = []
_door: _Backward | None = None
_handles: list[Any] = []


def open_doors(watcher: Watcher) -> None:
    """Let a watcher see backward passes and optimizer steps; several may watch at once."""
    global _door
    if not _watchers:
        _handles.append(optimizers.register_optimizer_step_pre_hook(lambda o, a, k: _tell("stepping", o)))
        _handles.append(optimizers.register_optimizer_step_post_hook(lambda o, a, k: _tell("stepped", o)))
        _door = _Backward()
        torch.autograd.backward = _door
    _watchers.append(watcher)


def close_doors(watcher: Watcher) -> None:
    """Let a watcher go; with the last one everything is taken out.

    If someone else replaced backward since, theirs stays, and ours behind it passes everything through.
    """
    global _door
    if watcher not in _watchers:
        return
    _watchers.remove(watcher)
    if _watchers:
        return
    while _handles:
        _handles.pop().remove()
    if _door is not None and torch.autograd.backward is _door:
        torch.autograd.backward = _door.original
    _door = None


def _tell(event: str, optimizer: torch.optim.Optimizer) -> None:
    for watcher in tuple(_watchers):
        getattr(watcher, event)(optimizer)


class Forward:
    """What a sampled forward needs: source lines on autograd's nodes, and compiled code run eagerly."""

    def __init__(self) -> None:
        self.pending = False  # anomaly metadata is on, or will be when the user's own anomaly block restores it
        self._stance: Any = None

    def prepare(self) -> None:
        """Switch anomaly metadata on, unless the user has it on already."""
        if not torch.is_anomaly_enabled() and not self.pending:
            torch.set_anomaly_enabled(True, False)  # unlike torch.autograd.detect_anomaly this does not warn
            self.pending = True
        if self._stance is None and "torch._dynamo" in sys.modules:
            self._stance = torch.compiler.set_stance("force_eager")
            self._stance.__enter__()

    def restore(self) -> None:
        """Switch off what `prepare` switched on.

        Inside an anomaly block that the user entered meanwhile nothing is touched; as that block restores our mode
        when it ends, the switch stays pending.
        """
        if self.pending and not torch.is_anomaly_check_nan_enabled():
            torch.set_anomaly_enabled(False, True)
        self.pending = self.pending and torch.is_anomaly_enabled()
        if self._stance is not None:
            self._stance.__exit__(None, None, None)
            self._stance = None
