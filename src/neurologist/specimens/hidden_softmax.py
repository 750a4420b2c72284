"""A classifier whose hidden layers end in softmax; the twin's end in ReLU."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(hidden: Callable[[Tensor], Tensor]) -> None:
    """Train for 20 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    first, second, last = nn.Linear(20, 64), nn.Linear(64, 64), nn.Linear(64, 5)
    layers = nn.ModuleList([first, second, last])
    optimizer = torch.optim.Adam(layers.parameters(), lr=0.001)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(last(hidden(second(hidden(first(x[rows]))))), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """64 units compete for a sum of 1, twice."""
    train(lambda scores: torch.softmax(scores, dim=1))  # <- fault


def healthy() -> None:
    """Every unit for itself."""
    train(torch.relu)
