"""Binary cross-entropy written out, whose log meets a probability of exactly 1; the twin uses the stable form."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import blobs


class Detector(nn.Module):
    """One hidden layer, one score."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(4, 32), nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 1)."""
        score: torch.Tensor = self.out(torch.relu(self.hidden(x)))
        return score


def train(by_hand: bool) -> None:
    """Train for 60 passes over the data."""
    torch.manual_seed(0)
    x, y = blobs()
    model = Detector()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(60):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            score, label = model(x[rows]), y[rows]
            if by_hand:
                p = torch.sigmoid(score)
                loss = -(label * torch.log(p) + (1 - label) * torch.log(1 - p)).mean()  # <- fault
            else:
                loss = F.binary_cross_entropy_with_logits(score, label)
            loss.backward()
            optimizer.step()


def sick() -> None:
    """The logarithm of 0, once the network is sure."""
    train(by_hand=True)


def healthy() -> None:
    """A loss that is finite for every score."""
    train(by_hand=False)
