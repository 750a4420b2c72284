"""One random program: its data, its network, its loss, its optimizer and its loop."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .drawing import Draw, Step, tensor
from .layers import LAYERS
from .loops import BACKWARD, BETWEEN, SETTINGS, loop, optimizer_for
from .losses import loss_for
from .tricks import TRICKS

DTYPES = {
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "complex64": torch.complex64,
}
SHAPES = {"rows": (6, 4), "one row": (1, 4), "images": (4, 2, 5, 5), "series": (3, 4, 4), "one column": (5, 1)}
ODD = {"no rows": (0, 4), "no columns": (3, 0), "one number": (), "a vector": (4,), "volumes": (2, 1, 3, 3, 3)}


class Net(nn.Module):
    """Steps one after the other; what is a module is registered."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []

    def add(self, step: Step) -> None:
        self.steps.append(step)
        if isinstance(step, nn.Module):
            self.add_module(f"step{len(self.steps)}", step)

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = step(x)
        return x


def network(d: Draw, x: Tensor) -> tuple[nn.Module, Tensor]:
    """Steps drawn to fit `x`, and what comes out; steps that fail on it are mostly left out."""
    net, wanted = Net(), d.randint(1, 5)
    for _ in range(3 * wanted):
        if len(net.steps) >= wanted and any(p.requires_grad for p in net.parameters()):
            break
        notes = len(d.notes)
        make = d.one("", {"linear": LAYERS["linear"]} if d.maybe(0.3) else TRICKS if d.maybe(0.3) else LAYERS)
        try:
            step = make(d, x)
            with torch.no_grad():
                out = step(x.clone())
            if not isinstance(out, Tensor):
                raise TypeError("not a tensor")
        except Exception:
            if d.maybe(0.95):
                del d.notes[notes:]
                continue
            net.add(step) if "step" in locals() else None
            break
        net.add(step)
        x = out.detach()
    plain = all(isinstance(step, nn.Module) for step in net.steps)
    return (nn.Sequential(*net.steps), x) if plain and d.maybe(0.5) else (net, x)


def program(d: Draw, trace: list[Any]) -> None:
    """Train for a few steps; everything that comes of it is put into `trace` as it comes."""
    dtype = d.one("dtype", DTYPES) if d.maybe(0.3) else torch.float32
    shape = d.one("shape", ODD) if d.maybe(0.1) else d.one("shape", SHAPES)
    x = tensor(d, shape, dtype).requires_grad_(d.maybe(0.15))
    model, out = network(d, x.detach())
    trace += [model, x]
    loss = loss_for(d, out)
    optimizer = optimizer_for(d, model)
    trace.append(optimizer)
    backward = d.one("backward", BACKWARD)
    between = d.one("between", BETWEEN) if d.maybe(0.3) else None
    setting = d.one("inside", SETTINGS) if d.maybe(0.2) else None
    loop(d, trace, model, x, loss, optimizer, backward, between, setting)
