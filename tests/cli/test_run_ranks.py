"""`torchrun -m neurologist run`: several processes, one report, a record of each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import neurologist as nl
from neurologist.record import Run

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
SCRIPT = """
import os, sys, time
import torch, torch.distributed as dist
from torch import nn
from torch.nn import functional as F
dist.init_process_group("gloo")
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.Softmax(1))
spread = nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
truth = torch.randn(20, 5)
generator = torch.Generator().manual_seed(dist.get_rank())
for step in range(300):
    if step == 40 and "--pid" in sys.argv:
        open(f"pid{dist.get_rank()}", "w").write(str(os.getpid()))
        time.sleep(30)
    x = torch.randn(64, 20, generator=generator)
    optimizer.zero_grad()
    F.cross_entropy(spread(x), (x @ truth).argmax(1)).backward()
    optimizer.step()
dist.destroy_process_group()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path


def told(run: Run) -> dict[int, list[int]]:
    """Step -> the processes that told of it."""
    found: dict[int, list[int]] = {}
    for number, rows in run.rank_samples.items():
        for row in rows:
            found.setdefault(row["step"], []).append(number)
    return found


def test_the_first_process_reports_and_each_keeps_a_record(script: Path) -> None:
    command = [*LAUNCH, "-m", "neurologist", "run", "--record", "run.nlr", "train.py"]
    ran = subprocess.run(command, cwd=script, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr  # the launcher would take any other code for a failure
    assert ran.stdout.count("ROOT CAUSE") == 1
    assert "double-softmax" in ran.stdout
    runs = [Run(script / name) for name in ("run.nlr", "run.rank1.nlr")]
    assert [run.meta["rank"] for run in runs] == ["0", "1"]
    assert {run.meta["world"] for run in runs} == {"2"}
    early, other = (set(run.samples) for run in runs)
    assert early == other != set()
    assert {step: len(rows) for step, rows in told(runs[0]).items()} == dict.fromkeys(early, 2)
    assert [known["status"] for known in runs[0].ranks.values()] == ["finished", "finished"]
    assert runs[1].ranks == {}
    assert nl.diagnose(script / "run.rank1.nlr").findings[0].rule == "double-softmax"


def test_a_process_that_is_killed_leaves_readable_records(script: Path) -> None:
    command = [*LAUNCH, "-m", "neurologist", "run", "--budget", "1", "--record", "run.nlr", "train.py", "--pid"]
    with subprocess.Popen(command, cwd=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        pid = script / "pid1"
        for _ in range(1200):
            if pid.exists() and pid.read_text():
                break
            time.sleep(0.1)
        os.kill(int(pid.read_text()), signal.SIGKILL)
        report = running.communicate(timeout=200)[0].decode()
    assert running.returncode != 0
    assert "lost-rank" in report
    assert "Rank 1 was last heard of at step" in " ".join(report.split())
    for name in ("run.nlr", "run.rank1.nlr"):
        assert len(Run(script / name).samples) >= 4
        assert nl.diagnose(script / name).findings[0].rule == "double-softmax"
