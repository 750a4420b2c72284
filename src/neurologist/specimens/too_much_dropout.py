"""Dropout with the share that should be kept, so that little is; the twin drops a tenth."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import numbers


class Net(nn.Module):
    """Two hidden layers, each followed by dropout."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(8, 32), nn.Linear(32, 32), nn.Linear(32, 1)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Numbers of shape (rows, 1)."""
        for layer in (self.first, self.second):
            x = F.dropout(torch.relu(layer(x)), self.p)  # <- fault
        y: Tensor = self.last(x)
        return y


def train(p: float) -> None:
    """Train for 25 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    model = Net(p)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.mse_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """A hundredth of the signal is kept."""
    train(p=0.9)


def healthy() -> None:
    """Four fifths are."""
    train(p=0.1)
