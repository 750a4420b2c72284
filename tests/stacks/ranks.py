"""One process of a distributed run: trains plain and watched, and writes what was recorded. Run by `torchrun`.

Usage: ranks.py KIND FOLDER, KIND being "ddp" or "fsdp".
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
import torch.distributed as dist
from tests.stacks.truth import recorded, sgd
from torch.nn import functional as F

import neurologist as nl
from neurologist.selftest.net import batch, net
from neurologist.watch.sampler import Sampler

STEPS = 2


def wrapped(kind):
    """The network, spread over the processes."""
    model = net()
    if kind == "ddp":
        return torch.nn.parallel.DistributedDataParallel(model)
    from torch.distributed.fsdp import fully_shard

    for block in model.blocks:
        fully_shard(block)
    return fully_shard(model)


def train(model):
    """Steps on this process's rows of the batch."""
    optimizer, (x, y) = sgd(model), batch()
    rows = slice(dist.get_rank(), None, dist.get_world_size())
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()


def weights(model):
    """What this process holds of the parameters."""
    return [getattr(p, "to_local", lambda p=p: p)().detach().clone() for p in model.parameters()]


def main(kind, folder):
    """Train, compare, write."""
    dist.init_process_group("gloo")
    plain = wrapped(kind)
    train(plain)
    Sampler.wants = lambda self, step: "early"
    model = wrapped(kind)
    with nl.watch() as session:
        train(model)
    same = all(torch.equal(a, b) for a, b in zip(weights(plain), weights(model), strict=True))
    shards = {name: n for (name, _), n in zip(net().named_parameters(), map(torch.numel, weights(model)), strict=True)}
    missing = [str(problem) for problem in session.diagnose().not_measured]
    found = {"numbers": recorded(session), "same": same, "shards": shards, "missing": missing}
    Path(folder, f"{dist.get_rank()}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
