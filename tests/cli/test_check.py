"""`check --overfit` as a user meets it: an unchanged script learns its first batch by heart, or is told why not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Command = Callable[..., "subprocess.CompletedProcess[str]"]

SCRIPT = """\
import sys
import torch
from torch import nn

torch.manual_seed(0)
steps, fail = int(sys.argv[1]), len(sys.argv) > 2
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for step in range(steps):
    x, y = torch.randn(32, 20), torch.randint(0, 5, (32,))
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if fail and step == 7:
        raise ValueError("no more data")
print("done", file=open("done.txt", "w"))
"""


def test_a_healthy_script_learns_its_first_batch(neurologist: Command, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    ran = neurologist("check", "--overfit", "train.py", "5000")
    assert (ran.returncode, ran.stderr) == (0, "")
    said = " ".join(ran.stdout.split())
    assert "nothing found" in said
    assert "Learnt one batch of 32 by heart in " in said
    assert "stopped" not in said
    assert not (tmp_path / "done.txt").exists()  # it ended when enough was seen

    (record,) = (tmp_path / ".neurologist").glob("*.nlr")
    later = neurologist("diagnose", str(record))
    assert (later.returncode, later.stdout.split("Gradient")[0]) == (0, ran.stdout.split("Gradient")[0])


def test_a_sick_script_is_told_why(neurologist: Command, sick: Path) -> None:
    ran = neurologist("check", "--overfit", "--format", "json", "train.py", "--steps", "5000")
    assert ran.returncode == 1
    found = json.loads(ran.stdout)
    assert found["by_heart"]["learnt"] is not True
    assert found["by_heart"]["examples"] == 64
    assert found["findings"][0]["rule"] == "double-softmax"
    assert ran.stdout.count("repeated-batches") == 0


def test_a_script_that_is_over_too_soon_is_not_judged(neurologist: Command, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    ran = neurologist("check", "--overfit", "--lang", "zh", "train.py", "9")
    assert ran.returncode == 2
    assert "还不能断定模型能否记住一个 32 个样本的批次" in ran.stdout
    assert "脚本在此之前就结束了：请让它多运行几个" in "".join(ran.stdout.split())
    assert (tmp_path / "done.txt").exists()


def test_steps_limits_it(neurologist: Command, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    ran = neurologist("check", "--overfit", "--steps", "12", "train.py", "5000")
    assert ran.returncode == 2
    assert "after 12 steps" in " ".join(ran.stdout.split())
    assert "give it more steps" in " ".join(ran.stdout.split())


def test_a_failing_script_keeps_its_traceback_and_its_code(
    neurologist: Command, python: Command, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    plain = python("train.py", "5000", "fail")
    ran = neurologist("check", "--overfit", "train.py", "5000", "fail")
    assert (ran.returncode, ran.stderr) == (plain.returncode, plain.stderr)
    assert "ValueError: no more data" in ran.stdout


def test_help_says_what_it_does(python: Command) -> None:
    said = " ".join(python("-m", "neurologist", "check", "--help").stdout.split())
    assert "neurologist check --overfit train.py" in said
    assert "cannot learn one batch by heart will not learn the rest" in said
