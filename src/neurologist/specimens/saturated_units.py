"""Hidden weights drawn from -5 to 5, too large before tanh; the twin draws them with the gain of tanh."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """Three hidden layers of tanh units; `xavier` scales their weights to their inputs."""

    def __init__(self, xavier: bool) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(40, 32), nn.Linear(32, 32), nn.Linear(32, 32)
        self.out = nn.Linear(32, 5)
        for layer in (self.fc1, self.fc2, self.fc3):
            if xavier:
                nn.init.xavier_normal_(layer.weight, gain=nn.init.calculate_gain("tanh"))
            else:
                nn.init.uniform_(layer.weight, -5, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 5)."""
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        x = torch.tanh(self.fc3(x))
        scores: torch.Tensor = self.out(x)
        return scores


def train(xavier: bool) -> None:
    """Train for 25 passes over the data."""
    torch.manual_seed(0)
    x, y = classes(features=40)
    model = Classifier(xavier)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """Preactivations of about 18."""
    train(xavier=False)


def healthy() -> None:
    """Preactivations of about 1."""
    train(xavier=True)
