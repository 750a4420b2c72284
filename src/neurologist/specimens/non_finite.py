"""Data with missing values as NaN; the twin fills them with the feature's mean."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def missing() -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs in which one entry of a hundred is missing, and their classes."""
    x, y = classes()
    gaps = torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.01
    return x.masked_fill(gaps, torch.nan), y


def train(fill: bool) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    x, y = missing()
    if fill:
        x = torch.where(x.isnan(), x.nanmean(0), x)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """NaN in the first batch, NaN everywhere after it."""
    train(fill=False)


def healthy() -> None:
    """Every entry a number."""
    train(fill=True)
