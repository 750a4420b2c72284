"""Weights drawn from N(0, 1) whatever the width; the twin draws them by He's rule."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def he(layer: nn.Module) -> None:
    """Weights that keep the variance of a signal through ReLU."""
    if isinstance(layer, nn.Linear):
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)


def unit(layer: nn.Module) -> None:
    """Weights of variance 1."""
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight)
        nn.init.zeros_(layer.bias)


def train(model: nn.Module) -> None:
    """Train for 25 passes over the data."""
    x, y = classes()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def build() -> nn.Sequential:
    """Three hidden layers of 128 ReLU units."""
    torch.manual_seed(0)
    sizes = [nn.Linear(20, 128), nn.Linear(128, 128), nn.Linear(128, 128), nn.Linear(128, 5)]
    return nn.Sequential(sizes[0], nn.ReLU(), sizes[1], nn.ReLU(), sizes[2], nn.ReLU(), sizes[3])


def sick() -> None:
    """Every layer multiplies the signal by 8."""
    train(build().apply(unit))


def healthy() -> None:
    """Every layer keeps it."""
    train(build().apply(he))
