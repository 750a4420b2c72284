"""A loop that puts a ReLU after every layer, the last one included; the twin's loop leaves the logits alone."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Network(nn.Module):
    """Layers in a list; the first `bent` of them are followed by a ReLU."""

    def __init__(self, sizes: list[int], bent: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.bent = bent

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, sizes[-1])."""
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < self.bent:
                x = F.relu(x)  # <- fault
        return x


def train(bent: int) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Network([20, 64, 32, 5], bent)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    criterion = nn.CrossEntropyLoss()
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(64):
            loss = criterion(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def sick() -> None:
    """A ReLU after all three layers."""
    train(bent=3)


def healthy() -> None:
    """A ReLU after the two hidden layers."""
    train(bent=2)
