"""Batch normalisation in training steps on two rows; the twin takes 64."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """One hidden layer, normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.norm, self.out = nn.Linear(20, 64), nn.BatchNorm1d(64), nn.Linear(64, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of shape (rows, 5)."""
        scores: Tensor = self.out(torch.relu(self.norm(self.hidden(x))))  # <- fault
        return scores


def train(batch: int) -> None:
    """Train for 320 steps."""
    torch.manual_seed(0)
    x, y = classes()
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(320):
        rows = torch.randint(len(x), (batch,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()


def sick() -> None:
    """Of two values, normalising leaves only which is larger."""
    train(batch=2)


def healthy() -> None:
    """Statistics of 64 rows."""
    train(batch=64)
