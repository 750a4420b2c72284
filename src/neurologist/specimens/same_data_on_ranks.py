"""Two processes that read the same examples, for want of a DistributedSampler; the twins read half of them each."""

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, Sampler, SequentialSampler, TensorDataset

from neurologist.specimens._data import classes
from neurologist.specimens._pair import fit, together


def network() -> nn.Module:
    """The same in both processes, before it is wrapped."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))


def train(share: bool) -> None:
    """One process's part: all the data, or its share."""
    data = TensorDataset(*classes())
    mine: Sampler[int] = SequentialSampler(data)
    if share:
        mine = DistributedSampler(data, dist.get_world_size(), dist.get_rank(), shuffle=False)
    loader = DataLoader(data, batch_size=32, sampler=mine)
    fit(DistributedDataParallel(network()), [batch for _ in range(8) for batch in loader])


def alike() -> None:
    """Every process reads everything."""
    train(share=False)


def shared() -> None:
    """Each reads its half."""
    train(share=True)


def sick() -> None:
    """Two processes, one batch."""
    together(alike)


def healthy() -> None:
    """Two processes, two batches."""
    together(shared)
