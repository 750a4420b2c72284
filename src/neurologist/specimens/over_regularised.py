"""A penalty on absolute weights that outweighs the data; the twin's is a thousandth of it."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(strength: float) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            size = torch.stack([p.abs().sum() for p in model.parameters()]).sum()
            loss = F.cross_entropy(model(x[rows]), y[rows]) + strength * size  # <- fault
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Weights pulled to 0 whatever the data say."""
    train(strength=0.1)


def healthy() -> None:
    """A gentle pull."""
    train(strength=1e-4)
