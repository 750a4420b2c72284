"""Twelve tanh layers that pass on ever less of what differs; the twin adds each layer's input to its output."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Stack(nn.Module):
    """Twelve hidden layers of 64 units."""

    def __init__(self, residual: bool) -> None:
        super().__init__()
        self.entry, self.exit = nn.Linear(20, 64), nn.Linear(64, 5)
        self.hidden = nn.ModuleList(nn.Linear(64, 64) for _ in range(12))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Scores of shape (rows, 5)."""
        x = torch.tanh(self.entry(x))
        for layer in self.hidden:
            x = x + torch.tanh(layer(x)) if self.residual else torch.tanh(layer(x))
        scores: Tensor = self.exit(x)
        return scores


def train(residual: bool) -> None:
    """Train for 20 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Stack(residual)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """After twelve layers all examples are the same."""
    train(residual=False)


def healthy() -> None:
    """What differs is handed on."""
    train(residual=True)
