"""Inputs a thousand times too large; the twin standardises them."""

import torch
from torch import nn

from neurologist.specimens._data import numbers


class Regressor(nn.Module):
    """Two hidden layers of tanh units."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(8, 64), nn.Linear(64, 32), nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions of shape (rows, 1)."""
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        prediction: torch.Tensor = self.out(x)
        return prediction


def train(standardise: bool) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    x = 1000 * x  # in millimetres
    if standardise:
        x = (x - x.mean(0)) / x.std(0)
    model = Regressor()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    loss_fn = nn.MSELoss()
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            loss = loss_fn(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Inputs in the thousands."""
    train(standardise=False)


def healthy() -> None:
    """Inputs of unit scale."""
    train(standardise=True)
