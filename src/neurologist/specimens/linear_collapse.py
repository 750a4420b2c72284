"""Two linear layers with nothing between them, on XOR; the twin has a ReLU there."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import xor


class Xor(nn.Module):
    """Two layers; `bend` puts a ReLU between them."""

    def __init__(self, bend: bool) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(2, 32), nn.Linear(32, 1)
        self.bend = bend

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 1)."""
        hidden = self.hidden(x)
        if self.bend:
            hidden = F.relu(hidden)
        scores: torch.Tensor = self.out(hidden)  # <- fault
        return scores


def train(bend: bool) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = xor()
    model = Xor(bend)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            loss = F.binary_cross_entropy_with_logits(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def sick() -> None:
    """One straight line cannot part XOR."""
    train(bend=False)


def healthy() -> None:
    """A hidden layer that bends."""
    train(bend=True)
