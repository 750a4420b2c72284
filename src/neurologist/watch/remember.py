"""Keeping a model, its optimizer and all random states as they are, and putting them back bitwise.

What is put back stays the same objects: an optimizer's groups, a parameter's gradient and a module's buffers may be
held by others. May import: torch, `shelf`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from neurologist.watch.shelf import Shelf, alone

Restore = Callable[[], Any]


class Remembered:
    """Puts everything back when it is called."""

    def __init__(self, steps: list[Restore]) -> None:
        self._steps = steps
        self._tensors = [step for step in steps if isinstance(step, _Tensor)]

    def __call__(self) -> None:
        """May be called again."""
        with torch.no_grad():
            for step in self._steps:
                step()

    def clear(self) -> None:
        """Clear all gradients, as a training step does first, and free their memory."""
        with torch.no_grad():
            for tensor in self._tensors:
                tensor.clear()

    def uncleared(self) -> None:
        """Give those their gradient back that got none since it was cleared."""
        with torch.no_grad():
            for tensor in self._tensors:
                tensor.uncleared()


def remember(model: nn.Module, optimizer: torch.optim.Optimizer | None = None, *others: Any) -> Remembered:
    """A function that puts back whatever training may change; lazy modules have nothing to keep.

    Args:
        model: with its parameters, gradients, buffers, modes, hooks and plain attributes.
        optimizer: with its state, its groups and its attributes.
        others: modules, tensors, or containers of tensors: a loss, a batch.
    """
    modules = [model, *(other for other in others if isinstance(other, nn.Module))]
    keeper = _Keeper()
    for part in (part for module in modules for part in module.modules()):
        keeper.whole(part)
    for other in others:
        keeper.of(other)
    if optimizer is not None:
        keeper.whole(optimizer)
    return Remembered([*keeper.known.values(), random_states()])


class _Keeper:
    """Copies of values, each made once; `known` has what puts it back, by its id."""

    def __init__(self) -> None:
        self.known: dict[int, Restore] = {}
        self._shelf = Shelf()

    def whole(self, thing: nn.Module | torch.optim.Optimizer) -> None:
        """Keep all attributes; a lazy module becomes another class when it is first called, and stays it."""
        own = vars(thing)
        held = [*own.get("_parameters", {}).values(), *own.get("_buffers", {}).values()]
        if any(is_lazy(tensor) for tensor in held):
            for tensor in held:
                self.of(tensor)
        else:
            self.of(own)

    def of(self, value: Any) -> None:
        """Keep a tensor, and what a container holds; anything else stays the same object."""
        if id(value) in self.known or is_lazy(value):
            return
        if isinstance(value, torch.Tensor):
            self.known[id(value)] = _Tensor(value, self._shelf)
        elif isinstance(value, dict | list | set | deque | tuple):
            content = dict(value) if isinstance(value, dict) else list(value)
            self.known[id(value)] = partial(_refill, value, content)
            for item in content.values() if isinstance(content, dict) else content:
                self.of(item)


def _refill(value: Any, content: Any) -> None:
    if isinstance(value, tuple):
        return
    value.clear()
    if isinstance(value, list | deque):
        value.extend(content)
    else:
        value.update(content)


class _Tensor:
    """Puts back a tensor's entries, its storage, its gradient and whether it wants one."""

    def __init__(self, tensor: torch.Tensor, shelf: Shelf) -> None:
        self._tensor, self._storage, self._wants = tensor, tensor.data, tensor.requires_grad
        self._refill = shelf.keep(tensor.data)
        self._gradient = tensor.grad if tensor.is_leaf else None
        self._free: Restore | None = None
        if self._gradient is not None:
            if alone(self._gradient):
                self._free, self._refill_gradient = shelf.away(self._gradient)
            else:
                self._refill_gradient = shelf.keep(self._gradient.data)

    def clear(self) -> None:
        """Where others see the gradient's memory too, it stays where it is, filled with zeros."""
        if self._gradient is not None and self._free is None:
            self._gradient.data.zero_()
        elif self._free is not None:
            self._tensor.grad = None
            self._free()

    def uncleared(self) -> None:
        """Give back the gradient if there is no other."""
        if self._free is not None and self._tensor.grad is None:
            self._refill_gradient()
            self._tensor.grad = self._gradient

    def __call__(self) -> None:
        tensor, storage = self._tensor, self._storage
        if (tensor.shape, tensor.dtype) != (storage.shape, storage.dtype) or _elsewhere(tensor, storage):
            tensor.data = storage
        self._refill()
        if tensor.is_leaf:
            tensor.requires_grad_(self._wants)
            tensor.grad = None  # the memory of the step's own, before the old one's is taken
            if self._gradient is not None:
                self._refill_gradient()
            tensor.grad = self._gradient


def _elsewhere(tensor: torch.Tensor, storage: torch.Tensor) -> bool:
    return tensor.layout == torch.strided and tensor.data_ptr() != storage.data_ptr()


def random_states() -> Restore:
    """A function that puts back all states that random numbers are drawn from."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    on_devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []

    def restore() -> None:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        if on_devices:
            torch.cuda.set_rng_state_all(on_devices)

    return restore
