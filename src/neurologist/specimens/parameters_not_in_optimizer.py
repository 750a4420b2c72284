"""An optimizer made from the last layer alone, on a network that nobody has trained; the twin gives it all layers."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(whole: bool) -> None:
    """Train for 20 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    trained = model if whole else model[2]
    optimizer = torch.optim.Adam(trained.parameters(), lr=0.005)  # <- fault
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """The first layer keeps its random weights."""
    train(whole=False)


def healthy() -> None:
    """Every layer is stepped."""
    train(whole=True)
