"""An encoder whose output is detached before the head reads it; the twin leaves the graph whole."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Tagger(nn.Module):
    """An encoder and a head."""

    def __init__(self, cut: bool) -> None:
        super().__init__()
        self.cut = cut
        self.encoder, self.head = nn.Linear(20, 64), nn.Linear(64, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of shape (rows, 5)."""
        code = torch.relu(self.encoder(x))
        scores: Tensor = self.head(code.detach() if self.cut else code)  # <- fault
        return scores


def train(cut: bool) -> None:
    """Train for 20 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Tagger(cut)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """The head learns on random features."""
    train(cut=True)


def healthy() -> None:
    """Both learn."""
    train(cut=False)
