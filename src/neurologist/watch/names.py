"""Names for modules and parameters: the variable that the user gave the model, then the path inside it.

Read from the frames of the running program; nothing is stored on the model.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from types import FrameType

import torch
from torch import nn

from neurologist.tape.origin import is_users

DEPTH = 40  # frames looked at


class Names:
    """Remembers the name of every module and parameter that it was shown."""

    def __init__(self) -> None:
        self._modules: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()
        self._parents: weakref.WeakKeyDictionary[nn.Module, weakref.ref[nn.Module]] = weakref.WeakKeyDictionary()
        self._tensors: dict[int, tuple[weakref.ref[torch.Tensor], str]] = {}

    def add(self, root: nn.Module) -> None:
        """Name a module that was called from outside any other, with everything in it."""
        if root in self._modules:
            return
        prefix = variable(root) or type(root).__name__.lower()
        for path, module in root.named_modules():
            self._modules.setdefault(module, f"{prefix}.{path}" if path else prefix)
            for child in module.children():
                self._parents.setdefault(child, weakref.ref(module))
        for path, parameter in root.named_parameters():
            if (known := self._tensors.get(id(parameter))) is None or known[0]() is not parameter:
                self._tensors[id(parameter)] = (weakref.ref(parameter), f"{prefix}.{path}")

    def module(self, module: nn.Module | None) -> str | None:
        """Path of a module, e.g. "model.fc1"."""
        return None if module is None else self._modules.get(module)

    def parent(self, module: nn.Module) -> nn.Module | None:
        """The module that holds this one."""
        ref = self._parents.get(module)
        return ref() if ref else None

    def tensor(self, tensor: torch.Tensor) -> str:
        """Path of a parameter; for a bare tensor the user's variable, else its shape."""
        known = self._tensors.get(id(tensor))
        if known is None or known[0]() is not tensor:
            name = variable(tensor) or f"tensor{tuple(tensor.shape)}"
            known = self._tensors[id(tensor)] = (weakref.ref(tensor), name)
        return known[1]


def variable(value: object) -> str | None:
    """The name under which the running program holds an object: a local, an attribute of `self`, or a global."""
    for frame in frames():
        for scope in (frame.f_locals, frame.f_globals):
            for name, held in list(scope.items()):
                if held is value and name != "self" and not name.startswith("_"):
                    return name
        owner = frame.f_locals.get("self")
        attributes = getattr(owner, "__dict__", {})
        for table in (attributes, attributes.get("_modules", {}), attributes.get("_parameters", {})):
            for name, held in list(table.items()) if isinstance(table, dict) else ():
                if held is value:
                    return str(name)
    return None


def frames() -> Iterator[FrameType]:
    """The user's frames on the stack, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(DEPTH):
        if frame is None:
            return
        if is_users(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back
