"""Names for modules and parameters: the variable that the user gave the model, then the path inside it.

Read from the frames of the running program; nothing is stored on the model.
"""

from __future__ import annotations

import dis
import inspect
import sys
import weakref
from collections.abc import Iterator, MutableMapping
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

import torch
from torch import nn
from torch.utils.weak import WeakIdKeyDictionary

from neurologist.tape.nested import shape_of
from neurologist.tape.origin import is_users
from neurologist.tape.shard import is_shard

DEPTH = 40  # frames looked at
# What stands between a model and what it wraps: torch.compile, checkpoint wrappers, data parallelism.
WRAPPED = {"_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module"}
WRAPPERS = {"DistributedDataParallel", "DataParallel"}  # whose child is called module
HOLDERS = {"locals", "vars", "exec"}  # what gives user code the dict that reading locals refreshes; and eval


class Names:
    """Remembers the name of every module and parameter that it was shown."""

    def __init__(self) -> None:
        self._modules: MutableMapping[nn.Module, str] = WeakIdKeyDictionary()  # some modules have no hash
        self._parents: MutableMapping[nn.Module, weakref.ref[nn.Module]] = WeakIdKeyDictionary()
        self._tensors: dict[int, tuple[weakref.ref[torch.Tensor], str]] = {}
        self._shards: dict[str, weakref.ref[torch.Tensor]] = {}  # path -> the shard that this process trains
        self._gathered: MutableMapping[torch.Tensor, weakref.ref[torch.Tensor]] = WeakIdKeyDictionary()

    def add(self, root: nn.Module) -> None:
        """Name a module that was called from outside any other, with everything in it."""
        if root in self._modules:
            return
        prefix = variable(root) or _own(root)
        self._walk(root, prefix, set())

    def again(self, root: nn.Module, called: nn.Module) -> None:
        """Name what was put into a known module since, or what it calls and does not hold, if that carries a name."""
        self._walk(root, self._modules.get(root) or _own(root), set())
        if called not in self._modules and "name" in vars(called):
            self._walk(called, _own(called), set())

    def _walk(self, module: nn.Module, path: str, seen: set[int]) -> None:
        """Name a module and what is in it; nn.Module's own walk needs modules that have a hash."""
        seen.add(id(module))
        self._modules.setdefault(module, path)
        for name, parameter in module._parameters.items():
            known = self._tensors.get(id(parameter))
            if parameter is not None and (known is None or known[0]() is not parameter):
                self._tensors[id(parameter)] = (weakref.ref(parameter), f"{path}.{name}")
                if is_shard(parameter):
                    self._shards[f"{path}.{name}"] = weakref.ref(parameter)
        for name, child in module._modules.items():
            if child is not None and id(child) not in seen:
                self._parents.setdefault(child, weakref.ref(module))
                self._walk(child, path if _wraps(module, name) else f"{path}.{name}", seen)

    def left(self, module: nn.Module) -> None:
        """Note which tensors stand for shards while a module runs: fully sharded training gathers them for it."""
        for name, parameter in module._parameters.items() if self._shards else ():
            shard = self._shards.get(f"{self._modules.get(module)}.{name}")
            if parameter is not None and shard is not None and shard() is not parameter:
                self._gathered[parameter] = shard

    def trained(self, leaf: torch.Tensor) -> torch.Tensor:
        """The parameter that a leaf of the tape stands for: itself, or the shard that the optimizer steps."""
        held = self._gathered.get(leaf) if self._gathered else None
        shard = held() if held is not None else None
        return leaf if shard is None else shard

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
            name = variable(tensor) or f"tensor{shape_of(tensor)}"
            known = self._tensors[id(tensor)] = (weakref.ref(tensor), name)
        return known[1]


def _wraps(module: nn.Module, name: str) -> bool:
    return name in WRAPPED or (name == "module" and type(module).__name__ in WRAPPERS)


def variable(value: object) -> str | None:
    """The name under which the running program holds an object: a local, an attribute of `self`, or a global."""
    for frame in frames():
        found = _named(value, frame.f_globals)
        if readable(frame):
            scope = frame.f_locals
            found = _named(value, scope) or found or _owned(value, scope.get("self"))
            if frame.f_code.co_flags & inspect.CO_OPTIMIZED and sys.version_info < (3, 13):
                scope.clear()  # a snapshot, which would keep the user's tensors alive as long as the frame
        if found is not None:
            return found
    return None


def _own(module: nn.Module) -> str:
    """What a module is called that no variable holds: the name that it carries, as Keras' layers do, or its class."""
    name = module.__dict__.get("name")
    return name if isinstance(name, str) and name else type(module).__name__.lower()


def readable(frame: FrameType) -> bool:
    """True when reading a frame's locals cannot be noticed: its code never takes hold of that dict itself."""
    return not _takes_locals(frame.f_code)


@lru_cache(maxsize=1_000)
def _takes_locals(code: CodeType) -> bool:
    if HOLDERS & set(code.co_names):
        return True
    loads = ("LOAD_GLOBAL", "LOAD_NAME")  # `model.eval()` is an attribute, and takes nothing
    return "eval" in code.co_names and any(i.argval == "eval" and i.opname in loads for i in dis.get_instructions(code))


def _named(value: object, scope: dict[str, Any]) -> str | None:
    return next(
        (name for name, held in list(scope.items()) if held is value and name != "self" and not name.startswith("_")),
        None,
    )


def _owned(value: object, owner: object) -> str | None:
    attributes = getattr(owner, "__dict__", {})
    tables = (attributes, attributes.get("_modules", {}), attributes.get("_parameters", {}))
    return next((found for table in tables if isinstance(table, dict) and (found := _named(value, table))), None)


def frames() -> Iterator[FrameType]:
    """The user's frames on the stack, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(DEPTH):
        if frame is None:
            return
        if is_users(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back
