"""Two processes of which the second reads data that nobody scaled; the twins read the same kind."""

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from neurologist.specimens._data import classes
from neurologist.specimens._pair import fit, together


def network() -> nn.Module:
    """The same in both processes, before it is wrapped."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))


def train(factor: float) -> None:
    """One process's part; `factor` scales what the second reads."""
    x, y = (part[dist.get_rank() :: 2] for part in classes())
    x = x * factor if dist.get_rank() else x
    fit(DistributedDataParallel(network()), [b for _ in range(8) for b in zip(x.split(32), y.split(32), strict=True)])


def unscaled() -> None:
    """The second process's data are 30 times as large."""
    train(factor=30.0)


def alike() -> None:
    """They are like the first's."""
    train(factor=1.0)


def sick() -> None:
    """Two processes, one of them odd."""
    together(unscaled)


def healthy() -> None:
    """Two processes alike."""
    together(alike)
