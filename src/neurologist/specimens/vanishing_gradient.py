"""Ten hidden layers of sigmoids; the twin has ReLUs."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Deep(nn.Module):
    """Ten hidden layers of 32 units, each followed by `activation`."""

    def __init__(self, activation: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(20 if i == 0 else 32, 32) for i in range(10))
        self.out = nn.Linear(32, 5)
        self.activation = activation
        for layer in self.hidden:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 5)."""
        for layer in self.hidden:
            x = self.activation(layer(x))  # <- fault
        scores: torch.Tensor = self.out(x)
        return scores


def train(activation: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Train for 25 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Deep(activation)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Each sigmoid takes three quarters of the gradient or more."""
    train(torch.sigmoid)


def healthy() -> None:
    """Each ReLU passes half of it."""
    train(torch.relu)
