"""Batches of two, most labels at random; the twin's labels are right and its batches larger."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(x: Tensor, y: Tensor, batch: int) -> None:
    """Train for 1500 steps."""
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    for _ in range(1500):
        rows = torch.randint(len(x), (batch,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()


def sick() -> None:
    """Eight labels in ten are drawn at random."""
    torch.manual_seed(0)
    x, y = classes(rows=4096)
    train(x, torch.where(torch.rand(len(y)) < 0.8, torch.randint(5, y.shape), y), batch=2)


def healthy() -> None:
    """Right labels, in batches of 64."""
    torch.manual_seed(0)
    train(*classes(rows=4096), batch=64)
