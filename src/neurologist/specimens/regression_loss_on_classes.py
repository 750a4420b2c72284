"""Squared error between sigmoids and one-hot classes; the twin uses cross_entropy on the scores."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def squared_error(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Squared error between sigmoids and one-hot rows."""
    one_hot = F.one_hot(labels, 5).float()
    return F.mse_loss(torch.sigmoid(scores), one_hot)  # <- fault


def train(loss_fn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(64):
            loss = loss_fn(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def sick() -> None:
    """The slope of the sigmoid stays in the gradient."""
    train(squared_error)


def healthy() -> None:
    """The slope cancels out."""
    train(F.cross_entropy)
