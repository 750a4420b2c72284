"""Adam with a learning rate of 0.000001; the twin's is 0.003."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """One hidden layer with batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.norm, self.fc2 = nn.Linear(20, 64), nn.BatchNorm1d(64), nn.Linear(64, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 5)."""
        scores: torch.Tensor = self.fc2(F.gelu(self.norm(self.fc1(x))))
        return scores


def train(lr: float) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Weights that hardly move in 240 steps."""
    train(lr=1e-6)


def healthy() -> None:
    """Weights that move."""
    train(lr=3e-3)
