"""Pixels divided as whole numbers, so that all are 0; the twin divides them as real ones."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import stripes


def train(x: Tensor, y: Tensor) -> None:
    """Train for 20 passes over the data."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def pixels() -> tuple[Tensor, Tensor]:
    """Images of whole numbers from 0 to 254, and their labels."""
    torch.manual_seed(0)
    x, y = stripes()
    return (127 + 80 * x).clamp(0, 254).to(torch.uint8), y


def sick() -> None:
    """254 // 255 is 0."""
    x, y = pixels()
    train((x // 255).float() - 0.5, y)


def healthy() -> None:
    """254 / 255 is nearly 1."""
    x, y = pixels()
    train(x / 255 - 0.5, y)
