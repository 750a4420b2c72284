"""Which module made which op: autograd's running number is noted as modules are entered and left.

The hooks are PyTorch's global ones and stand only during a sampled forward; no model ever carries one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.modules import module as registry
from torch.utils.weak import WeakIdKeyDictionary

from neurologist.tape import declaring, origin
from neurologist.tape.graph import TapeOp
from neurologist.watch.names import Names

WHAT = "the module of an op"


class Call(NamedTuple):
    """A module's call.

    Attributes:
        start, end: autograd's running number when it was entered and left.
        module: the module.
        graded: whether gradients were enabled.
        outside: it was called from no other module.
    """

    start: int
    end: int
    module: nn.Module
    graded: bool
    outside: bool


class Unasked:
    """While it stands, whoever asks whether there are global hooks hears of the user's alone: compiled modules warn.

    In early versions of torch they do not ask.
    """

    original: Any = getattr(registry, "_has_any_global_hook", None)
    standing = 0

    def __init__(self) -> None:
        type(self).standing += 1
        if self.original is not None:
            registry._has_any_global_hook = self.answer

    def answer(self) -> bool:
        """Whether there are more hooks than ours."""
        tables = (registry._global_forward_pre_hooks, registry._global_forward_hooks)
        others = (registry._global_backward_pre_hooks, registry._global_backward_hooks)
        return any(others) or any(len(table) > self.standing for table in tables)

    def remove(self) -> None:
        """Take it out."""
        type(self).standing -= 1
        if not self.standing and self.original is not None:
            registry._has_any_global_hook = type(self).original


class ModuleCalls:
    """The calls of one sampled step, innermost last.

    Args:
        names: learns the modules that are called.
        attempt: runs a callback and keeps its exceptions from the user: `attempt(what, function, *arguments)`.
    """

    def __init__(self, names: Names, attempt: Callable[..., Any]) -> None:
        self._names, self._attempt = names, attempt
        self._handles: list[Any] = []
        self._open: list[tuple[nn.Module, int, bool]] = []
        self.calls: list[Call] = []
        self._strays: MutableMapping[nn.Module, bool] = WeakIdKeyDictionary()
        self._made: dict[int, origin.Frame] | None = None  # where strays were made, once someone asked

    def install(self) -> None:
        """Start noting; also while it already notes."""
        if not self._handles:
            enter, leave = partial(self._attempt, WHAT, self._enter), partial(self._attempt, WHAT, self._leave)
            self._handles = [
                registry.register_module_forward_pre_hook(lambda module, inputs: enter(module)),
                registry.register_module_forward_hook(lambda module, inputs, output: leave(module)),
                Unasked(),
            ]

    def pause(self) -> None:
        """Stop noting for a while, inside modules that go on."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def stop(self) -> None:
        """Stop noting, and keep what was noted: several losses of one step may share a forward."""
        self.pause()
        self._open, self._made = [], None

    def clear(self) -> None:
        """Stop noting and forget."""
        self.stop()
        self.calls = []

    def meet(self, module: nn.Module) -> None:
        """Learn the names in a module that is about to be called."""
        if not self._open:
            self._names.add(module)
        elif self._names.module(module) is None and module not in self._strays:
            self._strays[module] = True  # it was put in since, or it is in no model
            self._names.again(self._open[0][0], module)

    def _enter(self, module: nn.Module) -> None:
        self.meet(module)
        self._open.append((module, torch._C._autograd._get_sequence_nr(), torch.is_grad_enabled()))

    def _leave(self, module: nn.Module) -> None:
        self._names.left(module)
        while self._open:  # a call that raised is never left: drop it
            entered, start, graded = self._open.pop()
            if entered is module:
                end = torch._C._autograd._get_sequence_nr()
                if graded or end > start:  # an evaluation may come before the next step, and be long
                    self.calls.append(Call(start, end, module, graded, not self._open))
                return

    def locate(self, op: TapeOp) -> None:
        """Give an op its module, and the line that declares it when its own line only calls a container."""
        inside = [call for call in self.calls if call.start <= op.sequence < call.end]
        if not inside:
            return
        module = min(inside, key=lambda call: call.end - call.start).module
        op.module, op.module_path = module, self._names.module(module)
        if (made := self._where_made().get(id(module))) is not None:
            op.place = op.place._replace(user=made)
        if op.place.container and op.place.user and (parent := self._names.parent(module)) is not None:
            children = [child for child in parent._modules.values() if child is not None]
            texts = [f"{type(child).__name__}({child.extra_repr()})" for child in children]
            index = next((i for i, child in enumerate(children) if child is module), None)
            op.line = None if index is None else origin.declared(op.place, texts, index)

    def _where_made(self) -> dict[int, origin.Frame]:
        """Lines that make the layers which a framework keeps and calls by itself."""
        if self._made is None:
            inner = {id(call.module): call.module for call in self.calls if not call.outside}
            loose = [m for m in inner.values() if self._names.parent(m) is None]
            library = [m for m in loose if not origin.is_users(_source(type(m)))]
            self._made = declaring.made_by(library, declaring.users_files()) if library else {}
        return self._made


def _source(cls: type) -> str:
    return getattr(sys.modules.get(cls.__module__), "__file__", None) or "<unknown>"
