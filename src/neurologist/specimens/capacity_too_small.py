"""One hidden unit for a surface that needs many; the twin has 32."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import numbers


def train(units: int) -> None:
    """Train for 80 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, units), nn.Tanh(), nn.Linear(units, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.mse_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """A single fold across eight dimensions."""
    train(units=1)


def healthy() -> None:
    """Enough folds."""
    train(units=32)
