"""The numbers of one training step by another way than ours: retained gradients and a module's own hooks.

`measured` trains a plain copy and reads what PyTorch itself keeps; `recorded` reads the same from a record. Both give
flat dicts, so that a test compares what both have: "out head" the RMS of the gradient at a layer's output, "mean act"
and "std act" of an activation's output, "grad fc.weight", "got fc.weight" and "change fc.weight" the RMS of a
parameter's gradient, of what the optimizer's step gets, and of its change.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

import neurologist as nl
from neurologist.selftest.net import loss_of

Numbers = dict[str, float]


def plain_step(model, optimizer, loss=loss_of):
    """Zero, forward, backward, step."""
    optimizer.zero_grad()
    loss(model).backward()
    optimizer.step()


def sgd(model):
    """Plain descent."""
    return torch.optim.SGD(model.parameters(), lr=0.1)


def rms(tensor) -> float:
    """Root mean square, in float64."""
    dense = tensor.detach().to_dense() if tensor.is_sparse else tensor.detach()
    return dense.double().square().mean().sqrt().item()


def whole(name, tensor):
    """All of a tensor: what a process holds of it that shares it with no other."""
    return tensor


def measured(
    model: nn.Module,
    step: Callable = plain_step,
    optimizer=sgd,
    received=lambda model: None,
    part: Callable[[str, torch.Tensor], torch.Tensor] = whole,
) -> Numbers:
    """One step of a copy of the model, unwatched.

    Args:
        model, step, optimizer: what is trained, and how.
        received: changes its gradients before the optimizer sees them.
        part: of a layer's output or a parameter by its name, what is looked at.
    """
    model, numbers = copy.deepcopy(model), {}
    outputs = kept_outputs(model)
    optimizer = optimizer(model)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}

    def look(*_):
        numbers.update({f"grad {name}": rms(part(name, p.grad)) for name, p in model.named_parameters()})
        received(model)
        numbers.update({f"got {name}": rms(part(name, p.grad)) for name, p in model.named_parameters()})

    optimizer.register_step_pre_hook(look)
    step(model, optimizer)
    for name, output in outputs.items():
        numbers[f"out {name}"] = rms(part(name, output.grad))
        if not isinstance(model.get_submodule(name), nn.Linear):
            numbers[f"mean {name}"] = part(name, output).double().mean().item()
            numbers[f"std {name}"] = part(name, output).double().std(correction=0).item()
    return numbers | {f"change {name}": rms(part(name, p - before[name])) for name, p in model.named_parameters()}


def kept_outputs(model: nn.Module) -> dict[str, torch.Tensor]:
    """Outputs of layers and activations by name, with their gradients once backward has run."""
    outputs = {}

    def hook(name, module, inputs, output):
        output.retain_grad()
        outputs[name] = output

    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.ReLU | nn.Tanh):
            module.register_forward_hook(partial(hook, name))
    return outputs


OPS = """SELECT op.module, gradient.rms_in, activation.mean, activation.std FROM op
LEFT JOIN gradient ON gradient.op = op.id AND gradient.step = :step
LEFT JOIN activation ON activation.op = op.id AND activation.step = :step WHERE op.kind IN ('linear', 'activation')"""
PARAMETERS = """SELECT parameter.name, weights.gradient, weights.received, weights.change FROM weights
JOIN parameter ON parameter.id = weights.parameter WHERE weights.step = :step"""


def recorded(session: nl.Session, step=0, root="model") -> Numbers:
    """What a session wrote of one step, under the same names; what it did not measure is absent."""
    db, numbers = session._store.connection, {}
    for module, gradient, mean, std in db.execute(OPS, {"step": step}):
        name = (module or "").removeprefix(f"{root}.")
        numbers |= {f"out {name}": gradient, f"mean {name}": mean, f"std {name}": std}
    for path, gradient, received, change in db.execute(PARAMETERS, {"step": step}):
        name = path.removeprefix(f"{root}.")
        numbers |= {f"grad {name}": gradient, f"got {name}": received, f"change {name}": change}
    return {name: value for name, value in numbers.items() if value is not None}


def differences(found: Numbers, truth: Numbers, digits=1e-5) -> list[str]:
    """What both have and do not agree on."""
    wrong = [
        name for name in truth if name in found and abs(found[name] - truth[name]) > digits * abs(truth[name]) + 1e-9
    ]
    return [f"{name}: {found[name]!r}, in truth {truth[name]!r}" for name in wrong]
