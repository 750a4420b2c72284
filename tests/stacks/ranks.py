"""One process of a distributed run: trains plain and watched, and writes what was recorded. Run by `torchrun`.

Usage: ranks.py FOLDER KIND..., a kind being a key of `KINDS`.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
import torch.distributed as dist
from tests.stacks.truth import recorded, sgd
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import Shard
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    RowwiseParallel,
    SequenceParallel,
    loss_parallel,
    parallelize_module,
)
from torch.nn import functional as F

from neurologist.record import Run
from neurologist.selftest.compare import EveryStep, witnessed
from neurologist.selftest.net import batch, net
from neurologist.watch.session import Session

STEPS = 2


def sharded(**options):
    """Fully sharded, block by block."""
    model = net()
    for block in model.blocks:
        fully_shard(block, **options)
    return fully_shard(model, **options)


def hybrid():
    """Sharded among half of the processes, the same in both halves."""
    return sharded(mesh=init_device_mesh("cpu", (2, dist.get_world_size() // 2), mesh_dim_names=("copies", "shards")))


def half():
    """Computed in bfloat16, kept and summed up in float32."""
    return sharded(mp_policy=MixedPrecisionPolicy(torch.bfloat16, torch.float32))


def tensor():
    """Each layer divided in another way: units, inputs, rows of the batch, classes."""
    plan = {
        "first": ColwiseParallel(),
        "blocks.0.lin": RowwiseParallel(output_layouts=Shard(0)),
        "blocks.1.lin": SequenceParallel(sequence_dim=0),
        "head": ColwiseParallel(input_layouts=Shard(0), output_layouts=Shard(-1), use_local_output=False),
    }
    return parallelize_module(net(), init_device_mesh("cpu", (dist.get_world_size(),)), plan)


def grid():
    """Layers divided among pairs, and fully sharded across them."""
    mesh = init_device_mesh("cpu", (2, dist.get_world_size() // 2), mesh_dim_names=("data", "layers"))
    plan = {"first": ColwiseParallel(), "blocks.0.lin": RowwiseParallel()}
    model = parallelize_module(net(), mesh["layers"], plan)
    return fully_shard(model, mesh=mesh["data"])


KINDS = {
    "data": lambda: torch.nn.parallel.DistributedDataParallel(net()),
    "sharded": sharded,
    "hybrid": hybrid,
    "half": half,
    "grid": grid,
    "tensor": tensor,
}


def train(model, kind):
    """Steps on this process's rows of the batch, which are those of all that share the layers."""
    optimizer, (x, y) = sgd(model), batch()
    sharing = {"tensor": 2, "grid": 2}.get(kind, 1)
    rows = slice(dist.get_rank() // sharing, None, dist.get_world_size() // sharing)
    for _ in range(STEPS):
        optimizer.zero_grad()
        with loss_parallel() if kind == "tensor" else nullcontext():
            F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()


def weights(model):
    """What this process holds of the parameters."""
    return [getattr(p, "to_local", lambda p=p: p)().detach().clone() for p in model.parameters()]


def collectives():
    """How many were started so far."""
    groups = list(dist.distributed_c10d._world.pg_map)
    return sum(group._get_sequence_number_for_group() for group in groups)


def look(kind):
    """Train plain and watched, and compare."""
    plain, model = KINDS[kind](), KINDS[kind]()
    counts = [collectives()]
    train(plain, kind)
    counts.append(collectives())
    with Session(sampler=EveryStep()) as session:
        train(model, kind)
    counts.append(collectives())
    same = all(torch.equal(a, b) for a, b in zip(weights(plain), weights(model), strict=True))
    missing = [f"{problem.what}: {problem.why}" for problem in session.diagnose().not_measured]
    started = [after - before for before, after in pairwise(counts)]
    found = {"numbers": recorded(session), "same": same, "missing": missing, "collectives": started}
    found["norm"] = Run(session._store.connection).gradient_norms.get(0)
    rows = witnessed(lambda: train(model, kind))
    right, wrong = sum(row.right for row in rows), [line for row in rows for line in row.wrong]
    return found | {"selftest": [right, [name for row in rows for name in row.missing], wrong]}


def main(folder, *kinds):
    """Look at every kind, and write."""
    dist.init_process_group("gloo")
    found = {kind: look(kind) for kind in kinds}
    Path(folder, f"{dist.get_rank()}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
