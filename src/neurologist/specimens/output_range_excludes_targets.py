"""A regression whose network ends in tanh, on targets of unit variance; the twin ends in its linear layer."""

import torch
from torch import nn

from neurologist.specimens._data import numbers


def build(bounded: bool) -> nn.Sequential:
    """Two hidden layers; `bounded` puts a tanh at the end."""
    layers: list[nn.Module] = [nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)]
    if bounded:
        layers.append(nn.Tanh())  # <- fault
    return nn.Sequential(*layers)


def train(bounded: bool) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    model = build(bounded)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    loss_fn = nn.MSELoss()
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss_fn(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """Tanh cannot reach targets beyond 1."""
    train(bounded=True)


def healthy() -> None:
    """No bound on the output."""
    train(bounded=False)
