"""LBFGS: several backward passes inside one step."""

from __future__ import annotations

import torch
from torch import nn

from neurologist.selftest.net import STEPS, loss_of, net

MISSING = "the gradient that a step got: it got several"


def train() -> nn.Module:
    """The closure is called a few times in each step."""
    model = net()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)

    def closure() -> float:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return float(loss.detach())

    for _ in range(STEPS):
        optimizer.step(closure)
    return model
