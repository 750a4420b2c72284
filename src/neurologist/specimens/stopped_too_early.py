"""A convolutional network that sees its data twice, in 12 steps; the twin's 25 passes are enough."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import stripes


class Bars(nn.Module):
    """Two convolutions and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.head = nn.Linear(512, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 4)."""
        hidden = F.relu(self.conv2(F.relu(self.conv1(x))))
        scores: torch.Tensor = self.head(F.max_pool2d(hidden, 2).flatten(1))
        return scores


def train(epochs: int) -> None:
    """Train with stochastic gradient descent."""
    torch.manual_seed(0)
    x, y = stripes()
    model = Bars()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Two passes over the data."""
    train(epochs=2)


def healthy() -> None:
    """Enough of them."""
    train(epochs=25)
