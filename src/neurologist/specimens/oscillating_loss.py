"""Steps that go past the lowest point each time; the twin's are a twentieth as long."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import numbers


def train(lr: float) -> None:
    """Train for 80 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(80):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.smooth_l1_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """From wall to wall."""
    train(lr=1.0)


def healthy() -> None:
    """Down to the floor."""
    train(lr=0.05)
