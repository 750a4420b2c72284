"""The mean of log-probabilities taken for a loss by negating nll_loss, which negates already; the twin does not."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


class Classifier(nn.Module):
    """A small classifier that puts out log-probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of shape (rows, 5)."""
        return F.log_softmax(self.body(x), dim=1)


def negative_log_likelihood(model: nn.Module, x: torch.Tensor, y: torch.Tensor, negate: bool) -> torch.Tensor:
    """What to minimise; `negate` adds a minus sign to nll_loss."""
    if negate:
        return -F.nll_loss(model(x), y)  # <- fault
    return F.nll_loss(model(x), y)


def train(negate: bool) -> None:
    """Train for 25 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = Classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            negative_log_likelihood(model, x[rows], y[rows], negate).backward()
            optimizer.step()


def sick() -> None:
    """The log-likelihood is made as small as can be."""
    train(negate=True)


def healthy() -> None:
    """It is made as large as can be."""
    train(negate=False)
