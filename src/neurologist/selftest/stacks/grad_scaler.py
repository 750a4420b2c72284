"""torch.amp.GradScaler, steps left out at first."""

from __future__ import annotations

import torch
from torch import nn

from neurologist.selftest.net import STEPS, loss_of, net

MISSING = "gradients of parameters in a step that is left out: it changes none"


def train() -> nn.Module:
    """The first scale is too large for float16, so that the first steps are left out."""
    model, scaler = net(), torch.amp.GradScaler("cpu", init_scale=2.0**24)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS + 12):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.float16):
            loss = loss_of(model)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return model
