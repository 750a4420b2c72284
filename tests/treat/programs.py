"""Small programs to treat: each is run again from scratch whenever it is called."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional as F


def blobs(rows: int = 384) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    y = torch.randint(0, 4, (rows,), generator=draw)
    return torch.randn(4, 6, generator=draw)[y] * 2 + torch.randn(rows, 6, generator=draw), y


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = F.cross_entropy,
    data: tuple[torch.Tensor, torch.Tensor] | None = None,
    epochs: int = 10,
) -> SimpleNamespace:
    """Train, and give back all that can be compared."""
    x, y = data or blobs()
    losses = []
    for _ in range(epochs):
        for rows in torch.arange(len(x)).split(64):
            optimizer.zero_grad()
            value = loss(model(x[rows]), y[rows])
            value.backward()
            optimizer.step()
            losses.append(value.item())
    return SimpleNamespace(model=model, optimizer=optimizer, losses=losses, x=x, y=y)


def classifier(*last: nn.Module, hidden: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), hidden(), nn.Linear(16, 4), *last)


def weights(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))
