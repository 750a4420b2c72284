"""Several labels per example given to cross_entropy, which wants one; the twin uses bce_with_logits."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import tags


class Tagger(nn.Module):
    """A small network with one score per tag."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 64), nn.ReLU())
        self.head = nn.Linear(64, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 6)."""
        scores: torch.Tensor = self.head(self.body(x))
        return scores


def objective(scores: torch.Tensor, y: torch.Tensor, one_of_many: bool) -> torch.Tensor:
    """One tag of many, or each tag for itself."""
    if one_of_many:
        return F.cross_entropy(scores, y)  # <- fault
    return F.binary_cross_entropy_with_logits(scores, y)


def train(one_of_many: bool) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    x, y = tags()
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            objective(model(x[rows]), y[rows], one_of_many).backward()
            optimizer.step()


def sick() -> None:
    """Rows of targets that sum to anything from 0 to 6."""
    train(one_of_many=True)


def healthy() -> None:
    """One yes-no decision for each tag."""
    train(one_of_many=False)
