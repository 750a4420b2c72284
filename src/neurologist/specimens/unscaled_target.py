"""Prices in thousands as targets; the twin standardises them."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import numbers


def train(standardise: bool) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    prices = 250 + 80 * y
    if standardise:
        prices = (prices - prices.mean()) / prices.std()
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.mse_loss(model(x[rows]), prices[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Targets from about 50 to 500."""
    train(standardise=False)


def healthy() -> None:
    """Targets of unit scale."""
    train(standardise=True)
