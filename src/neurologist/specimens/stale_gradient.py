"""A loop that never clears its gradients; the twin clears them before each backward pass."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(clear: bool) -> None:
    """Train for 20 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            if clear:
                optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()  # <- fault


def sick() -> None:
    """Each step goes along the sum of all gradients so far."""
    train(clear=False)


def healthy() -> None:
    """Each step goes along the gradient of its own batch."""
    train(clear=True)
