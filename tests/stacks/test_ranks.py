"""Numbers of runs over several processes, against one process that trains on the whole batch."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from tests.stacks.truth import measured, plain_step

from neurologist.selftest.net import batch, net

SCRIPT = Path(__file__).with_name("ranks.py")


def ranks(kind, processes, folder):
    """What each process found."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    done = subprocess.run([*launch, str(SCRIPT), kind, str(folder)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(processes)]
    assert [rank["missing"] for rank in found] == [[]] * processes
    assert all(rank["same"] for rank in found), "training is not what it is unwatched"
    return found


def own_truth(rank, processes):
    """The numbers of one process's rows alone."""
    from torch.nn import functional as F

    x, y = batch()
    rows = slice(rank, None, processes)
    return measured(net(), lambda m, o: plain_step(m, o, lambda m: F.cross_entropy(m(x[rows]), y[rows])))


@pytest.mark.parametrize("processes", [2, 4])
def test_data_parallel(tmp_path, processes):
    """What backward gives is each process's own; what the optimizer gets, and does, is that of the whole batch."""
    whole = measured(net())
    for rank, found in enumerate(ranks("ddp", processes, tmp_path)):
        own = own_truth(rank, processes)
        for name, number in found["numbers"].items():
            truth = whole if name.startswith(("got", "change")) else own
            assert number == pytest.approx(truth[name], rel=1e-5), f"rank {rank}: {name}"
        assert set(found["numbers"]) == set(whole)


def test_fully_sharded(tmp_path):
    """Shards of what the optimizer gets and does make up the whole exactly; nothing is computed on the whole here."""
    whole = measured(net())
    processes = ranks("fsdp", 2, tmp_path)
    for name in whole:
        kind, path = name.split(" ", 1)
        if kind in ("got", "change"):
            squares = [p["numbers"][name] ** 2 * p["shards"][path] for p in processes]
            together = math.sqrt(sum(squares) / sum(p["shards"][path] for p in processes))
            assert together == pytest.approx(whole[name], rel=1e-5), name
        else:
            for rank, found in enumerate(processes):
                assert found["numbers"][name] == pytest.approx(own_truth(rank, 2)[name], rel=1e-5), (
                    f"rank {rank}: {name}"
                )
