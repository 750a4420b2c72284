"""A loader that is begun anew at every step, so that each sees the same batch; the twin loops over it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from neurologist.specimens._data import classes


def start() -> tuple[nn.Module, torch.optim.Optimizer, DataLoader[tuple[Tensor, ...]]]:
    """A network, its optimizer, and batches of 64 in a fixed order."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    loader = DataLoader(TensorDataset(*classes()), batch_size=64)
    return model, torch.optim.Adam(model.parameters(), lr=0.005), loader


def step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    """One step."""
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def sick() -> None:
    """The first batch, 80 times."""
    model, optimizer, loader = start()
    for _ in range(80):
        x, y = next(iter(loader))
        step(model, optimizer, x, y)


def healthy() -> None:
    """Every batch, 10 times."""
    model, optimizer, loader = start()
    for _ in range(10):
        for x, y in loader:
            step(model, optimizer, x, y)
