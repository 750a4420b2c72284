"""Inputs between 0 and 1, one example at a time; the twin subtracts their mean."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import stripes


def train(x: Tensor, y: Tensor) -> None:
    """Train on every image once."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(2):
        for row in torch.randperm(len(x)).split(1):
            optimizer.zero_grad()
            F.cross_entropy(model(x[row]), y[row]).backward()
            optimizer.step()


def sick() -> None:
    """All weights of a unit grow together or shrink together."""
    torch.manual_seed(0)
    x, y = stripes()
    train(x.clamp(0, 1), y)


def healthy() -> None:
    """Inputs of both signs."""
    torch.manual_seed(0)
    x, y = stripes()
    train(x.clamp(0, 1) - x.clamp(0, 1).mean(), y)
