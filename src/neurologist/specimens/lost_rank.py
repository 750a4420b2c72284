"""Two processes of which the second fails on one of its batches; the twins go through to the end."""

from contextlib import suppress

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


def train(fails: bool) -> None:
    """One process's part; the second may fail after two thirds of it."""
    x, y = (part[dist.get_rank() :: 2] for part in classes())
    batches = [batch for _ in range(12) for batch in zip(x.split(32), y.split(32), strict=True)]
    model, most = DistributedDataParallel(network()), len(batches) * 2 // 3
    fit(model, batches[:most])
    if fails and dist.get_rank():
        raise ValueError("a damaged file")
    with suppress(RuntimeError):  # what the first process says when the second is gone
        fit(model, batches[most:])


def failing() -> None:
    """The second process ends early."""
    train(fails=True)


def whole() -> None:
    """Both end together."""
    train(fails=False)


def sick() -> None:
    """Two processes, one of them lost."""
    together(failing)


def healthy() -> None:
    """Two processes to the end."""
    together(whole)
