"""The places where training passes by: backward, the optimizer's step, anomaly metadata, eager execution.

Everything that is installed in PyTorch stands in this file and is taken out again by what put it in.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch.autograd.graph import GradientEdge
from torch.fx import traceback as stacks
from torch.optim import optimizer as optimizers
from torch.utils._python_dispatch import _disable_current_modes

from neurologist.tape.graph import UNSEEN, Graph
from neurologist.watch import compiler
from neurologist.watch.foreign import Foreign
from neurologist.watch.scaler import ScalerDoor
from neurologist.watch.stack import Stack

Root = torch.Tensor | GradientEdge


class Watcher(Protocol):
    """What a session offers to the doors."""

    def backward(self, roots: Sequence[Root], run: Callable[[], None]) -> None:
        """Stands for a backward pass; `run()` does the real one."""

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer is about to step."""

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer stepped."""

    def attempt(self, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a function and keeps its errors from the user."""

    def scaled(self, losses: Sequence[torch.Tensor], scale: torch.Tensor) -> None:
        """A gradient scaler made these by multiplying losses by `scale`."""

    def skipped(self, optimizer: torch.optim.Optimizer) -> None:
        """A gradient scaler left out an optimizer's step, because a gradient was not finite."""


class _Backward:
    """Stands in for `torch.autograd.backward`, through which `Tensor.backward` goes too, while anyone watches."""

    def __init__(self) -> None:
        self.original: Callable[..., None] = torch.autograd.backward

    def __call__(self, tensors: Any, *arguments: Any, **options: Any) -> None:
        single = isinstance(tensors, torch.Tensor | GradientEdge)
        roots: Sequence[Root] = (tensors,) if single else tuple(tensors)  # a generator can be read only once
        if _foreign is not None and _foreign.due:
            _watchers[-1].attempt("optimizers that are none of torch's", _foreign.look)
        run: Callable[[], None] = partial(self.original, tensors if single else roots, *arguments, **options)
        for watcher in reversed(_watchers) if self is _door else ():
            run = partial(watcher.backward, roots, run)
        run()


_watchers: list[Watcher] = []
_door: _Backward | None = None
_handles: list[Any] = []
_foreign: Foreign | None = None
_stepped = 0  # optimizer steps seen


def watched() -> bool:
    """Whether anyone watches now."""
    return bool(_watchers)


def open_doors(watcher: Watcher) -> None:
    """Let a watcher see backward passes and optimizer steps; several may watch at once."""
    global _door, _foreign
    if not _watchers:
        _foreign = Foreign(_tell_foreign)
        _handles.append(optimizers.register_optimizer_step_pre_hook(lambda o, a, k: _tell("stepping", o)))
        _handles.append(optimizers.register_optimizer_step_post_hook(lambda o, a, k: _count(o)))
        _handles.append(ScalerDoor(_tell, lambda: _stepped))
        _door = _Backward()
        torch.autograd.backward = _door
    _watchers.append(watcher)


def close_doors(watcher: Watcher) -> None:
    """Let a watcher go; with the last one everything is taken out.

    If someone else replaced backward since, theirs stays, and ours behind it passes everything through.
    """
    global _door, _foreign
    if watcher not in _watchers:
        return
    _watchers.remove(watcher)
    if _watchers:
        return
    while _handles:
        _handles.pop().remove()
    if _foreign is not None:
        _foreign.close()
        _foreign = None
    if _door is not None and torch.autograd.backward is _door:
        torch.autograd.backward = _door.original
    _door = None


def _tell(event: str, *arguments: Any) -> None:
    for watcher in tuple(_watchers):
        getattr(watcher, event)(*arguments)


def _count(optimizer: torch.optim.Optimizer) -> None:
    global _stepped
    _stepped += 1
    _tell("stepped", optimizer)


def _tell_foreign(event: str, look: Callable[[], Any]) -> None:
    def tell(watcher: Watcher) -> None:
        optimizer = look()
        if optimizer is not None:
            getattr(watcher, event)(optimizer)

    for watcher in tuple(_watchers):
        watcher.attempt("a step of an optimizer that is none of torch's", tell, watcher)


def unseen(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call past the modes that the user has entered: a counter of operations, a default device.

    They would count our operations as the user's, or change what these do.
    """
    if not torch._C._len_torch_dispatch_stack() and not torch._C._is_torch_function_mode_enabled():
        return function(*arguments, **options)
    with _disable_current_modes(), torch._C.DisableTorchFunction():
        return function(*arguments, **options)


def _locate(tensors: Sequence[torch.Tensor | None], first: int, stack: list[str]) -> None:
    """Give the nodes made since autograd's running number `first` a stack, as anomaly mode would."""
    nodes = [t.grad_fn for t in tensors if t is not None]
    seen = set(nodes)
    for node in nodes:
        if node is None or not first <= node._sequence_nr() < UNSEEN:
            continue
        node.metadata["traceback_"] = stack  # type: ignore[index]  # torch annotates this property as a method
        fresh = {below for below, _ in node.next_functions} - seen
        seen |= fresh
        nodes += fresh


ASKED: dict[str, Callable[[], bool]] = {  # answers as if our anomaly mode were off
    "is_anomaly_enabled": lambda: False,
    "is_anomaly_check_nan_enabled": lambda: True,
}


class Beside(Protocol):
    """What runs compiled code a second time, in place of running it eagerly.

    Attributes:
        holding: compiled code runs, and nothing may be installed; wanted: whether it is to be afterwards.
    """

    holding: bool
    wanted: bool

    def arm(self) -> None:
        """Stands for calls of compiled code."""

    def disarm(self) -> None:
        """Lets them go their way."""

    def look(self, graph: Graph) -> None:
        """Says so where compiled code stayed unseen."""

    def close(self) -> None:
        """Leaves nothing behind."""


class Forward:
    """What a sampled forward needs: source lines on autograd's nodes, and compiled code run eagerly.

    PyTorch notes the lines in its anomaly mode. While that is on for us, whoever asks is told that it is off, so that
    a user's anomaly block, which puts back what it found, does not put back ours; whoever sets it takes it over.

    Attributes:
        shadow: runs compiled code a second time instead, where the user wants that.
    """

    shadow: Beside | None = None

    def __init__(self) -> None:
        self._ours = False  # whether anomaly mode is on for us
        self._replaced: list[tuple[Any, str, Any]] = []

    def prepare(self) -> bool:
        """Switch anomaly metadata on, unless the user has it on already; false where that must wait."""
        if self.shadow is not None and self.shadow.holding:
            self.shadow.wanted = True
            return False
        if not torch._C.is_anomaly_enabled() and not self._ours:
            torch._C.set_anomaly_enabled(True, False)  # unlike torch.autograd.detect_anomaly this does not warn
            self._ours = True
            for name, stand_in in (*ASKED.items(), ("set_anomaly_enabled", self._yield)):
                self._replace(torch, name, stand_in)
            self._replace(stacks, "format_stack", Stack())
            self._replace(torch.autograd, "grad", partial(self._grad, torch.autograd.grad))
        compiler.when_there(self._meet_compiler)
        return True

    def _meet_compiler(self) -> None:
        if self.shadow is not None:
            self.shadow.arm()
        else:
            compiler.eager_for(self)

    def _replace(self, owner: Any, name: str, stand_in: Any) -> None:
        self._replaced.append((owner, name, getattr(owner, name)))
        setattr(owner, name, stand_in)

    def _yield(self, mode: bool, check_nan: bool = True) -> None:
        """Stands for `torch.set_anomaly_enabled`: the user decides, unless they ask for what they believe to be so."""
        if mode or not check_nan:
            self._give_back()
            torch.set_anomaly_enabled(mode, check_nan)

    def _grad(self, original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Stands for `torch.autograd.grad`, which in anomaly mode would warn of errors that it raises anyway.

        What it makes for a second derivative is a part of the forward pass: it gets the line of the call.
        """
        if not self._ours:
            return original(*arguments, **options)
        first = torch._C._autograd._get_sequence_nr()
        torch._C.set_anomaly_enabled(False, True)
        try:
            found = original(*arguments, **options)
        finally:
            if self._ours:
                torch._C.set_anomaly_enabled(True, False)
        unseen(_locate, found, first, traceback.format_stack())
        return found

    def _give_back(self) -> None:
        self._ours = False
        while self._replaced:
            setattr(*self._replaced.pop())

    def restore(self) -> None:
        """Switch off what `prepare` switched on."""
        if self.shadow is not None:
            self.shadow.wanted = False
            self.shadow.disarm()
        compiler.no_more(self._meet_compiler)
        if self._ours:
            self._give_back()
            torch.set_anomaly_enabled(False, True)
        compiler.eager_no_more_for(self)

    def look(self, graph: Graph) -> None:
        """Tell what runs compiled code a second time which graph came of it."""
        if self.shadow is not None:
            self.shadow.look(graph)

    def close(self) -> None:
        """Leave nothing behind."""
        self.restore()
        if self.shadow is not None:
            self.shadow.close()
