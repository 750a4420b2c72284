"""One example in thirty is of the class to find; the twin draws both classes equally often."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def train(x: Tensor, y: Tensor) -> None:
    """Train for 5 passes over the data."""
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(5):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(x[rows]), y[rows]).backward()
            optimizer.step()


def corners(rare: int, rows: int = 3840) -> tuple[Tensor, Tensor]:
    """Points around (+-1, +-1), shape (rows, 2), and 1 where their signs differ, shape (rows, 1): one in `rare`."""
    torch.manual_seed(0)
    y = (torch.arange(rows) % rare == 0).float().unsqueeze(1)
    first = 2.0 * torch.randint(0, 2, (rows, 1)) - 1
    return torch.cat([first, first * (1 - 2 * y)], 1) + 0.5 * torch.randn(rows, 2), y


def sick() -> None:
    """Never to say yes is right in 29 of 30 cases."""
    train(*corners(rare=30))


def healthy() -> None:
    """As many of one class as of the other."""
    train(*corners(rare=2))
