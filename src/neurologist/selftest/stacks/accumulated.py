"""Gradient accumulation over three passes."""

from __future__ import annotations

import torch
from torch import nn

from neurologist.selftest.net import STEPS, loss_of, net


def train() -> nn.Module:
    """Of layers the first pass is measured, of parameters the sum."""
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        for _ in range(3):
            (loss_of(model) / 3).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model
