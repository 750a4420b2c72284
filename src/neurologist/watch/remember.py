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

from neurologist.watch.shelf import Shelf

Restore = Callable[[], Any]


def remember(model: nn.Module, optimizer: torch.optim.Optimizer | None = None, *others: Any) -> Callable[[], None]:
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
    steps = [*keeper.known.values(), random_states()]

    def restore() -> None:
        with torch.no_grad():
            for step in steps:
                step()

    return restore


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
            self.known[id(value)] = _tensor(value, self._shelf)
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


def _tensor(tensor: torch.Tensor, shelf: Shelf) -> Restore:
    """Puts back a tensor's entries, its storage, its gradient and whether it wants one."""
    storage, refill, wants = tensor.data, shelf.keep(tensor.data), tensor.requires_grad
    gradient = tensor.grad if tensor.is_leaf else None
    refill_gradient = None if gradient is None else shelf.keep(gradient.data)

    def restore() -> None:
        if (tensor.shape, tensor.dtype) != (storage.shape, storage.dtype) or _elsewhere(tensor, storage):
            tensor.data = storage
        refill()
        if tensor.is_leaf:
            tensor.requires_grad_(wants)
            tensor.grad = gradient
            if refill_gradient is not None:
                refill_gradient()

    return restore


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
