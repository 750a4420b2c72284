"""A yes-no answer on one output trained with cross_entropy, whose softmax is then always 1; the twin's loss fits it."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import xor


class Detector(nn.Module):
    """One hidden layer, one score."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(2, 32), nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 1)."""
        score: torch.Tensor = self.out(torch.relu(self.hidden(x)))
        return score


def objective(score: torch.Tensor, y: torch.Tensor, one_of_many: bool) -> torch.Tensor:
    """One class of many, or yes or no."""
    if one_of_many:
        return F.cross_entropy(score, y)  # <- fault
    return F.binary_cross_entropy_with_logits(score, y)


def train(one_of_many: bool) -> None:
    """Train for 20 passes over the data."""
    torch.manual_seed(0)
    x, y = xor()
    model = Detector()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            objective(model(x[rows]), y[rows], one_of_many).backward()
            optimizer.step()


def sick() -> None:
    """A softmax over a single number."""
    train(one_of_many=True)


def healthy() -> None:
    """A sigmoid for a single yes-no answer."""
    train(one_of_many=False)
