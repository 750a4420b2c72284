"""A classifier that ends in softmax, trained with cross_entropy; the twin hands over its logits."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """A small classifier; `probabilities` makes its forward end in softmax."""

    def __init__(self, probabilities: bool) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(20, 64), nn.Linear(64, 5)
        self.probabilities = probabilities

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 5)."""
        scores: torch.Tensor = self.out(torch.relu(self.hidden(x)))
        if self.probabilities:
            return torch.softmax(scores, dim=1)  # <- fault
        return scores


def train(probabilities: bool) -> None:
    """Train for 40 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Classifier(probabilities)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Softmax twice."""
    train(probabilities=True)


def healthy() -> None:
    """Softmax once, inside the loss."""
    train(probabilities=False)
