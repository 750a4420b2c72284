"""Hidden biases that start at -10, so that no ReLU ever fires; the twin starts them at 0."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """Two hidden layers of ReLU units whose biases start at `bias`."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(20, 64), nn.Linear(64, 64), nn.Linear(64, 5)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.constant_(layer.bias, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 5)."""
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        scores: torch.Tensor = self.out(x)
        return scores


def train(bias: float) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Classifier(bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """Preactivations near -10, whatever the input."""
    train(bias=-10.0)


def healthy() -> None:
    """Preactivations around 0."""
    train(bias=0.0)
