"""Squared errors summed over the batch, with a learning rate for their mean; the twin takes the mean."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import numbers


class Regressor(nn.Module):
    """One hidden layer, one output."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(8, 64), nn.Linear(64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions of shape (rows, 1)."""
        prediction: torch.Tensor = self.out(F.relu(self.hidden(x)))
        return prediction


def train(reduction: str) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    model = Regressor()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(128):
            loss = F.mse_loss(model(x[rows]), y[rows], reduction=reduction)  # <- fault
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def sick() -> None:
    """A gradient 128 times too large."""
    train(reduction="sum")


def healthy() -> None:
    """The mean over the batch."""
    train(reduction="mean")
