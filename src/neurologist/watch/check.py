"""Examine one batch before training: a forward, a backward, a step, and everything put back as it was."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from neurologist.diagnose import Diagnosis
from neurologist.watch.session import watch


def check(
    model: nn.Module,
    loss_fn: Callable[[Any, Any], torch.Tensor],
    batch: Sequence[Any],
    optimizer: torch.optim.Optimizer | None = None,
) -> Diagnosis:
    """Examine a model on one batch.

    Parameters, buffers, gradients, optimizer state and random states are restored bitwise afterwards, also when the
    forward or backward pass raises.

    Args:
        model: called as `model(*inputs)`.
        loss_fn: called as `loss_fn(output, target)`; returns a scalar.
        batch: inputs, then the target: `(x, y)` or `(x1, x2, y)`.
        optimizer: takes one step when given, so that update-to-weight ratios can be seen.

    Raises:
        ValueError: the batch has no target.
    """
    if len(batch) < 2:
        raise ValueError(f"batch needs inputs and a target, got {len(batch)} element(s): pass (x, y)")
    *inputs, target = batch
    restore = remember(model, optimizer)
    try:
        with watch() as session:
            loss_fn(model(*inputs), target).backward()
            if optimizer is not None:
                optimizer.step()
    finally:
        restore()
    return session.diagnose()


def remember(model: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> Callable[[], None]:
    """A function that puts back what a forward, a backward and a step change; lazy parameters have nothing to keep."""
    tensors = [tensor for tensor in (*model.parameters(), *model.buffers()) if not is_lazy(tensor)]
    slots = [(m, dict(m._buffers)) for m in model.modules()]  # buffers may be replaced as well as changed
    values = [t.detach().clone() for t in tensors]
    gradients = [(p, p.grad, None if p.grad is None else p.grad.clone()) for p in model.parameters()]
    state = copy.deepcopy(optimizer.state_dict()) if optimizer is not None else None
    states = (torch.get_rng_state(), np.random.get_state(), random.getstate())
    on_devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def restore() -> None:
        for module, buffers in slots:
            module._buffers.clear()
            module._buffers.update(buffers)
        with torch.no_grad():
            for tensor, value in zip(tensors, values, strict=True):
                tensor.copy_(value)
            for parameter, gradient, kept in gradients:
                parameter.grad = gradient
                if gradient is not None and kept is not None:
                    gradient.copy_(kept)
        if optimizer is not None and state is not None:
            optimizer.load_state_dict(state)
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        if on_devices:
            torch.cuda.set_rng_state_all(on_devices)

    return restore
