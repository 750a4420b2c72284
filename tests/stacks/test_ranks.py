"""Numbers of runs over several processes, against one process that trains on the whole batch.

The processes of one launch train in several ways, one after the other: a launch takes seconds.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from tests.stacks.truth import differences, measured, plain_step, whole
from torch.nn import functional as F

from neurologist.selftest.compare import EveryStep
from neurologist.selftest.net import batch, net
from neurologist.watch.session import Session

SCRIPT = Path(__file__).with_name("ranks.py")
LAUNCHES = {2: ("data", "sharded", "half", "tensor"), 4: ("data", "hybrid", "grid")}
EVERY = [(processes, kind) for processes, kinds in LAUNCHES.items() for kind in kinds]
TERM = "RuntimeError: each process holds one term of it, and none the sum"
# The dimension along which each layer's parameters and output are divided in `ranks.tensor`; others are whole.
DIVIDED = {"first": 1, "act": 1, "first.weight": 0, "first.bias": 0, "blocks.0.lin.weight": 1, "blocks.0.act": 0}
DIVIDED |= {"blocks.1.lin": 0, "blocks.1.act": 0, "head": 1, "head.weight": 0, "head.bias": 0}


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """What each process found, by the number of processes."""
    found = {}
    for processes, kinds in LAUNCHES.items():
        folder = tmp_path_factory.mktemp("ranks")
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        done = subprocess.run([*launch, str(SCRIPT), str(folder), *kinds], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        found[processes] = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(processes)]
    return found


def loss_of_rows(model, rank, processes, dtype=torch.float32):
    """Of one process's rows alone."""
    x, y = batch()
    rows = slice(rank, None, processes)
    return F.cross_entropy(model(x[rows].to(dtype)), y[rows])


def own(rank, processes, dtype=torch.float32, part=whole):
    """The numbers of one process's rows alone."""
    step = lambda m, o: plain_step(m, o, lambda m: loss_of_rows(m, rank, processes, dtype))  # noqa: E731
    return measured(net().to(dtype), step, part=part)


def together(processes, dtype=torch.float32, part=whole):
    """What an optimizer gets and does with the mean of all processes' gradients."""
    copies = [net().to(dtype) for _ in range(processes)]
    for rank, copy in enumerate(copies):
        loss_of_rows(copy, rank, processes, dtype).backward()

    def step(model, optimizer):
        for parameter, *each in zip(model.parameters(), *(copy.parameters() for copy in copies), strict=True):
            parameter.grad = torch.stack([p.grad.float() for p in each]).mean(0)
        optimizer.step()

    numbers = measured(net(), step, part=part)
    return {name: number for name, number in numbers.items() if name.startswith(("got", "change"))}


@pytest.mark.parametrize(("processes", "kind"), EVERY)
def test_processes_are_left_alone(launched, processes, kind):
    """Training is the same to the last bit, and no collective is started: it might wait for ever."""
    for rank in launched[processes]:
        assert rank[kind]["same"]
        plain, watched = rank[kind]["collectives"]
        assert 0 < plain == watched


@pytest.mark.parametrize(("processes", "kind"), EVERY)
def test_the_selftest_agrees(launched, processes, kind):
    """It compares what is here, and calls missing what there is one term of."""
    for rank in launched[processes]:
        right, missing, wrong = rank[kind]["selftest"]
        assert right > 40
        assert wrong == []
        assert {name.split(".")[2] for name in missing} == ({"1"} if kind == "tensor" else set())


@pytest.mark.parametrize("processes", LAUNCHES)
def test_data_parallel(launched, processes):
    """What backward gives is each process's own; what the optimizer gets, and does, is that of the whole batch."""
    for rank, found in enumerate(launched[processes]):
        truth = own(rank, processes) | together(processes)
        assert differences(found["data"]["numbers"], truth) == []
        assert found["data"]["numbers"].keys() == truth.keys()
        assert found["data"]["missing"] == []


@pytest.mark.parametrize(
    ("processes", "kind", "dtype"),
    [(2, "sharded", torch.float32), (2, "half", torch.bfloat16), (4, "hybrid", torch.float32)],
)
def test_fully_sharded(launched, processes, kind, dtype):
    """What the optimizer gets and does is that of the whole batch, of the shard that is here, in full precision."""
    for rank, found in enumerate(launched[processes]):
        shard = lambda _, tensor, rank=rank: tensor.chunk(2)[rank % 2]  # noqa: E731
        truth = own(rank, processes, dtype) | together(processes, dtype, shard)
        assert differences(found[kind]["numbers"], truth) == []
        assert found[kind]["numbers"].keys() == truth.keys()
        assert found[kind]["missing"] == []


@pytest.mark.parametrize(("processes", "kind"), EVERY)
def test_the_norm_of_the_whole_gradient(launched, processes, kind):
    """However the entries are spread, each counts once; where one is not known, nothing is told of the whole."""
    sizes = together(processes, torch.bfloat16 if kind == "half" else torch.float32)
    truth = math.sqrt(sum(sizes[f"got {name}"] ** 2 * p.numel() for name, p in net().named_parameters()))
    first, *others = (rank[kind]["norm"] for rank in launched[processes])
    assert first == (None if kind == "tensor" else pytest.approx(truth, rel=1e-5))
    assert set(others) == {None}  # the first process tells


def test_a_grid_of_tensor_parallel_and_fully_sharded(launched):
    """Of a divided layer its part, of what the optimizer gets and does the shard of that part."""
    divided = {name: dim for name, dim in DIVIDED.items() if name.startswith("first") or name == "act"}
    divided["blocks.0.lin.weight"] = 1
    for rank, found in enumerate(launched[4]):
        row, column = divmod(rank, 2)

        def part(name, tensor, column=column):
            return tensor.chunk(2, divided[name])[column] if name in divided else tensor

        def shard(name, tensor, part=part, row=row):
            return part(name, tensor).chunk(2)[row]

        truth = own(row, 2, part=part) | together(2, part=shard)
        assert differences(found["grid"]["numbers"], truth) == []
        assert found["grid"]["numbers"].keys() == truth.keys()


def test_tensor_parallel(launched):
    """Of a layer that is divided, each process has its part; what it has one term of is not measured, and said so."""
    for rank, found in enumerate(launched[2]):

        def part(name, tensor, rank=rank):
            return tensor.chunk(2, DIVIDED[name])[rank] if name in DIVIDED else tensor

        numbers, truth = found["tensor"]["numbers"], measured(net(), part=part)
        assert differences(numbers, truth) == []
        assert truth.keys() - numbers.keys() == {
            *("mean blocks.1.act", "std blocks.1.act"),  # what an op keeps that is divided is not looked at
            *(f"{what} blocks.1.lin.{name}" for what in ("grad", "got") for name in ("weight", "bias")),
        }
        assert f"the gradient of a parameter: {TERM} (4 times)" in found["tensor"]["missing"]
        assert all(TERM in problem for problem in found["tensor"]["missing"])


def test_a_loss_of_which_each_process_holds_one_term():
    """To read it would start a collective, which other processes may not join."""
    from torch.distributed.tensor import DTensor, Partial, init_device_mesh

    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        weight = torch.ones(3, requires_grad=True)
        loss = DTensor.from_local(weight.square().sum(), init_device_mesh("cpu", (1,)), [Partial()])
        with Session(sampler=EveryStep()) as session:
            loss.backward()
        assert dist.group.WORLD._get_sequence_number_for_group() == 0
    finally:
        dist.destroy_process_group()
    assert session.loss is None
    assert f"the loss: {TERM}" in [f"{problem.what}: {problem.why}" for problem in session.diagnose().not_measured]
