"""Two processes whose model is not wrapped, so that each trains one of its own; the twins' is."""

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


def train(wrapped: bool) -> None:
    """One process's part."""
    x, y = (part[dist.get_rank() :: 2] for part in classes())
    model = DistributedDataParallel(network()) if wrapped else network()
    fit(model, [batch for _ in range(8) for batch in zip(x.split(32), y.split(32), strict=True)])


def apart() -> None:
    """Nothing averages the gradients."""
    train(wrapped=False)


def averaged() -> None:
    """DistributedDataParallel does."""
    train(wrapped=True)


def sick() -> None:
    """Two processes, two models."""
    together(apart)


def healthy() -> None:
    """Two processes, one model."""
    together(averaged)
