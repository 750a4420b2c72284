"""All weights start at the same number; the twin keeps PyTorch's random ones."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """A classifier with one hidden layer; `constant` starts all weights equal."""

    def __init__(self, constant: bool) -> None:
        super().__init__()
        self.fc1 = nn.Linear(20, 64)
        self.fc2 = nn.Linear(64, 5)
        if constant:
            for layer in (self.fc1, self.fc2):
                nn.init.constant_(layer.weight, 0.05)
                nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 5)."""
        scores: torch.Tensor = self.fc2(torch.tanh(self.fc1(x)))
        return scores


def train(constant: bool) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Classifier(constant)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Sixty-four units that do the work of one."""
    train(constant=True)


def healthy() -> None:
    """Units that differ from the start."""
    train(constant=False)
