"""`neurologist fix`, run as a user does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., "CompletedProcess[str]"]

LEARNS_NOTHING = """\
import helper
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(512, 20)
y = x[:, :5].argmax(1)
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5), nn.Softmax(dim=1))  # <- fault
optimizer = torch.optim.SGD(model.parameters(), lr=helper.RATE)
criterion = nn.CrossEntropyLoss()
for _ in range(30):
    for rows in torch.randperm(512).split(64):
        optimizer.zero_grad()
        loss = criterion(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
print("accuracy", (model(x).argmax(1) == y).float().mean().item())
"""


def accuracy(run: CompletedProcess[str]) -> float:
    assert run.returncode == 0, run.stderr
    return float(run.stdout.split("accuracy")[1])


def test_a_script_is_cured_and_the_edit_holds_without_us(neurologist: Command, python: Command, tmp_path: Path):
    script = tmp_path / "train.py"
    script.write_text(LEARNS_NOTHING)
    (tmp_path / "helper.py").write_text("RATE = 0.3\n")
    before = accuracy(python("train.py"))
    shown = neurologist("fix", "--seeds", "2", "train.py")
    assert shown.returncode == 1, shown.stderr
    assert "Cured by: no softmax before the loss" in shown.stdout
    assert "-model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5), nn.Softmax(dim=1))" in shown.stdout
    assert "+model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))  # <- fault" in shown.stdout
    assert script.read_text() == LEARNS_NOTHING
    assert not re.search(r"^accuracy 0", shown.stdout, re.M)  # what the script prints is not shown
    applied = neurologist("fix", "--quiet", "--apply", "--seeds", "1", "train.py")
    assert applied.returncode == 1
    assert script.read_text() != LEARNS_NOTHING
    after = accuracy(python("train.py"))
    promised = re.search(r"\(accuracy ([\d.]+) -> ([\d.]+),", shown.stdout)
    assert promised is not None
    assert (before, after) == pytest.approx((float(promised[1]), float(promised[2])), abs=0.02)
    assert after > before + 0.02


def test_a_healthy_script_needs_nothing(neurologist: Command, tmp_path: Path):
    healthy = LEARNS_NOTHING.replace(", nn.Softmax(dim=1)", "")
    (tmp_path / "train.py").write_text(healthy)
    (tmp_path / "helper.py").write_text("RATE = 0.3\n")
    run = neurologist("fix", "--apply", "train.py")
    assert (run.returncode, (tmp_path / "train.py").read_text()) == (0, healthy)
    assert "No cure: nothing to treat" in run.stdout


def test_a_script_that_cannot_be_tried_is_said(neurologist: Command, tmp_path: Path):
    assert "no script at 'nowhere.py'" in neurologist("fix", "nowhere.py").stderr
    (tmp_path / "broken.py").write_text(
        "import argparse; p = argparse.ArgumentParser(); p.add_argument('d'); p.parse_args()"
    )
    run = neurologist("fix", "broken.py")
    assert run.returncode == 2
    assert "the program failed before its first .backward(): exit code 2: broken.py: error: " in run.stderr
    (tmp_path / "idle.py").write_text("print(1)")
    assert "the program ended before its first .backward()" in neurologist("fix", "idle.py").stderr
