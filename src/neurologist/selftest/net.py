"""The network, the batch and the loop that the stacks share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

STEPS = 3
WIDTH = 32
CLASSES = 5


class Block(nn.Module):
    """A linear layer and tanh."""

    def __init__(self) -> None:
        super().__init__()
        self.lin, self.act = nn.Linear(WIDTH, WIDTH), nn.Tanh()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (rows, WIDTH) in and out."""
        out: torch.Tensor = self.act(self.lin(x))
        return out


class Net(nn.Module):
    """ReLU, two blocks that `through` calls, and a head."""

    def __init__(self, through: Callable[[nn.Module, torch.Tensor], torch.Tensor] = lambda block, x: block(x)) -> None:
        super().__init__()
        self.first, self.act = nn.Linear(20, WIDTH), nn.ReLU()
        self.blocks, self.head = nn.ModuleList([Block(), Block()]), nn.Linear(WIDTH, CLASSES)
        self.through = through

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, CLASSES)."""
        x = self.act(self.first(x))
        for block in self.blocks:
            x = self.through(block, x)
        scores: torch.Tensor = self.head(x)
        return scores


def net(through: Callable[[nn.Module, torch.Tensor], torch.Tensor] = lambda block, x: block(x)) -> Net:
    """The same network in every call; the user's random state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return Net(through)


def batch(rows: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of shape (rows, 20) and classes, the same in every call."""
    generator = torch.Generator().manual_seed(4)
    return torch.randn(rows, 20, generator=generator), torch.randint(CLASSES, (rows,), generator=generator)


def loss_of(model: nn.Module) -> torch.Tensor:
    """Cross-entropy on the batch."""
    x, y = batch()
    return F.cross_entropy(model(x), y)


def fit(
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    loss: Callable[[nn.Module], torch.Tensor] = loss_of,
    before_step: Callable[[nn.Module], object] = lambda model: None,
) -> nn.Module:
    """The plain loop: zero, forward, backward, step."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(model).backward()
        before_step(model)
        optimizer.step()
    return model
