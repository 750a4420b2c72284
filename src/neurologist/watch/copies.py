"""What a second run of the user's code works on: the same values in other tensors, attributes and containers.

Parameters share their memory with the user's, so that nothing large is copied; all else is copied before the first run
changes it. May import: torch.
"""

from __future__ import annotations

import copy
import inspect
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node, get_gradient_edge
from torch.nn.modules import module as registry
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from neurologist.tape.shadowed import Output, output_of
from neurologist.tape.shard import is_shard
from neurologist.watch.modules import Unasked

CONTAINERS = (dict, OrderedDict, defaultdict, Counter, list, set, deque)


class CannotRunTwice(RuntimeError):
    """A second run of compiled code would do harm, or tell nothing; the message says why."""


class Copies:
    """What a call of a function reads, as it is now.

    Args:
        function: the user's; its modules are found in what it is bound to, its arguments, its closure and its globals.
        met: is told each module before it is called.

    Attributes:
        arguments, options: copies of those of the call.
        leaves: copies that gradients can be asked of.
        given: nodes of copies that need a gradient, and what they stand for.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        met: Callable[[nn.Module], None],
    ) -> None:
        self.leaves: list[torch.Tensor] = []
        self.given: list[tuple[Node, Output | torch.Tensor]] = []
        self._met = met
        self._made: dict[int, tuple[Any, Any]] = {}  # originals, which must stay for their ids, and copies
        self._modules: dict[int, tuple[nn.Module, dict[str, Any]]] = {}
        self._shared: list[tuple[torch.Tensor, int]] = []
        self._tensors: list[tuple[torch.Tensor, torch.Tensor, Node | None]] = []
        values, form = tree_flatten((arguments, options))
        beside = [value for value in (*_spread(values), *_spread(_reached(function))) if isinstance(value, nn.Module)]
        for module in beside:
            self._module(module)
        self.arguments, self.options = tree_unflatten([self._copy(value) for value in values], form)
        for value in (*_spread(values), *_spread(_reached(function))):
            if isinstance(value, torch.Tensor) and id(value) not in self._made:
                self._note(value)

    @property
    def overwritten(self) -> bool:
        """Whether a tensor that was not copied was changed in place since."""
        return any(tensor._version != version for tensor, version in self._shared)

    @property
    def rewritten(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Tensors that autograd knows as made by what has overwritten them, and their copies."""
        return [(tensor, twin) for tensor, twin, before in self._tensors if tensor.grad_fn is not before]

    def _note(self, tensor: torch.Tensor) -> None:
        if not tensor.is_inference():
            self._shared.append((tensor, tensor._version))

    def _module(self, root: nn.Module) -> list[nn.Module]:
        """Copy the attributes of a module and of all in it; those that were not copied before."""
        fresh = [module for module in _within(root) if id(module) not in self._modules]
        if fresh:
            self._met(root)
        for module in fresh:
            if type(module).__name__ == "DistributedDataParallel":
                raise CannotRunTwice("it contains DistributedDataParallel: compile the module first, and wrap it then")
            self._modules[id(module)] = module, {name: self._copy(value) for name, value in vars(module).items()}
        return fresh

    def _copy(self, value: Any) -> Any:
        """A tensor or a container with copies in it; anything else is the same object."""
        if id(value) in self._made:
            return self._made[id(value)][1]
        made = self._tensor(value) if isinstance(value, torch.Tensor) else value
        if type(value) in CONTAINERS:
            made = copy.copy(value)
        if made is value:
            return value
        self._made[id(value)] = value, made
        if isinstance(made, dict):
            made.update((key, self._copy(item)) for key, item in value.items())
        elif isinstance(made, list | deque):
            for place, item in enumerate(value):
                made[place] = self._copy(item)
        return made

    def _tensor(self, tensor: torch.Tensor) -> torch.Tensor:
        if is_shard(tensor):
            raise CannotRunTwice("its parameters are sharded: to run it again, processes would have to talk")
        plain = tensor.detach()
        if isinstance(tensor, nn.Parameter) or (tensor.is_leaf and tensor.requires_grad):
            self._note(tensor)
        else:
            plain = plain.clone()
        if isinstance(tensor, nn.Parameter):
            plain = nn.Parameter(plain, tensor.requires_grad)
            vars(plain).update(vars(tensor))
        if tensor.requires_grad:
            self.leaves.append(plain.requires_grad_())
            with torch.enable_grad():
                plain = plain if tensor.is_leaf else plain.clone()  # which may be written in place
            self.given.append((get_gradient_edge(plain).node, output_of(tensor)))
        self._tensors.append((tensor, plain, tensor.grad_fn))
        return plain

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Let the copies stand for what they were made of; what changes is changed in them."""
        stack: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []

        def enter(modules: Iterable[nn.Module]) -> None:
            for module in modules:
                own, twin = vars(module), self._modules[id(module)][1]
                stack.append((own, dict(own), twin))
                _fill(own, twin)

        enter(module for module, _ in list(self._modules.values()))
        late = registry.register_module_forward_pre_hook(lambda module, _: enter(self._module(module))), Unasked()
        try:
            yield
        finally:
            for handle in late:
                handle.remove()
            for own, users, twin in reversed(stack):
                _fill(twin, own)
                _fill(own, users)


def _fill(into: dict[str, Any], content: dict[str, Any]) -> None:
    content = dict(content)
    into.clear()
    into.update(content)


def _within(root: nn.Module) -> list[nn.Module]:
    """A module and all in it, itself last; torch's own walk needs modules that have a hash."""
    found, seen = [root], {id(root)}
    for module in found:
        fresh = {id(child): child for child in module._modules.values() if child is not None and id(child) not in seen}
        seen |= set(fresh)
        found += fresh.values()
    return found


def _reached(function: Callable[..., Any]) -> Iterator[Any]:
    """What a function holds or names, one level deep."""
    owner = getattr(function, "__self__", None)
    function = inspect.unwrap(getattr(function, "__func__", function))
    if owner is not None:
        yield owner
    for cell in getattr(function, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
    code = getattr(function, "__code__", None)
    for name in code.co_names if code is not None else ():
        yield getattr(function, "__globals__", {}).get(name)


def _spread(values: Iterable[Any]) -> Iterator[Any]:
    """Values with what containers and plain objects among them hold."""
    for value in tree_leaves(list(values)):
        yield value
        if not isinstance(value, nn.Module | torch.Tensor | type | ModuleType | FunctionType):
            yield from tree_leaves(list(getattr(value, "__dict__", {}).values()))
