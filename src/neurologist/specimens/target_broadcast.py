"""Predictions of shape (N, 1) minus targets of shape (N); the twin squeezes the predictions first."""

import torch
from torch import nn

from neurologist.specimens._data import numbers


class Regressor(nn.Module):
    """One hidden layer, one output."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(8, 64), nn.Linear(64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions of shape (rows, 1)."""
        prediction: torch.Tensor = self.out(torch.relu(self.hidden(x)))
        return prediction


def error(predictions: torch.Tensor, targets: torch.Tensor, squeeze: bool) -> torch.Tensor:
    """By how much predictions of shape (N, 1) miss targets of shape (N)."""
    if squeeze:
        return predictions.squeeze(1) - targets
    return predictions - targets  # <- fault


def train(squeeze: bool) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    y = y.flatten()
    model = Regressor()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            loss = error(model(x[rows]), y[rows], squeeze).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Every prediction is compared with every target of the batch."""
    train(squeeze=False)


def healthy() -> None:
    """Every prediction is compared with its own target."""
    train(squeeze=True)
