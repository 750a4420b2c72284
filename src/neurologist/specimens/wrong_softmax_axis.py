"""Log-probabilities that sum to 1 over the batch instead of over the classes; the twin's sum to 1 in every row."""

import torch
from torch import nn

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """A small classifier that gives log-probabilities along `axis`."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(20, 64), nn.Linear(64, 5)
        self.axis = axis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of shape (rows, 5)."""
        scores = self.out(torch.relu(self.hidden(x)))
        return torch.log_softmax(scores, dim=self.axis)  # <- fault


def train(axis: int) -> None:
    """Train for 25 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model, criterion = Classifier(axis), nn.NLLLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = criterion(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """The examples of a batch compete for each class."""
    train(axis=0)


def healthy() -> None:
    """The classes compete for each example."""
    train(axis=1)
