"""A fresh network whose first layer is frozen, as if it had been trained before; the twin trains all layers."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(freeze: bool) -> None:
    """Train for 20 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 5))
    if freeze:
        model[0].requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """The first layer keeps its random weights."""
    train(freeze=True)


def healthy() -> None:
    """Every layer learns."""
    train(freeze=False)
