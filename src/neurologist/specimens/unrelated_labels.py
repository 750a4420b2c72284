"""Labels shuffled apart from their inputs; the twin shuffles both alike."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(x: Tensor, y: Tensor) -> None:
    """Train for 4 passes over the data."""
    model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(4):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """Inputs in one order, labels in another."""
    torch.manual_seed(0)
    x, y = classes(rows=8192)
    train(x[torch.randperm(len(x))], y[torch.randperm(len(y))])


def healthy() -> None:
    """Both in the same order."""
    torch.manual_seed(0)
    x, y = classes(rows=8192)
    order = torch.randperm(len(x))
    train(x[order], y[order])
