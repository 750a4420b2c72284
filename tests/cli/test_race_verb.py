"""`neurologist race` on a script: a standing, or one line that says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """\
import sys

import torch
from torch import nn

draw = torch.Generator().manual_seed(1)
y = torch.randint(0, 4, (384,), generator=draw)
x = torch.randn(4, 6, generator=draw)[y] * 2 + torch.randn(384, 6, generator=draw)
model = nn.Sequential(nn.Linear(6, int(sys.argv[1])), nn.ReLU(), nn.Linear(int(sys.argv[1]), 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
for rows in torch.randperm(384).split(32):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
    optimizer.step()
"""


def race(folder, *options):
    (folder / "train.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "neurologist", "race", "--seeds", "2", "--lr", "keep", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_standing_of_arms(tmp_path):
    code, out, err = race(tmp_path, "--activation", "tanh", "--init", "gain", "train.py", "16")
    assert code == 0
    assert "tanh + gain" in out
    assert "as it is" in out
    assert "No difference found" in out or "is best." in out
    assert sum(line.startswith(("1. ", "2. ", "3. ", "4. ")) for line in err.splitlines()) == 4
    code, module, _ = race(tmp_path, "--quiet", "--activation", "tanh", "--init", "gain", "-m", "train", "16")
    assert module.split()[-6:] == out.split()[-6:]


def test_arms_that_all_fail_leave_nothing_to_compare(tmp_path):
    _, out, _ = race(tmp_path, "--loss", "mse", "train.py", "16")
    assert "Only as it is came to an end: there is nothing to compare." in out
    assert "mse failed: ValueError" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["train.py", "16"], "race got no activation, init or loss"),
        (["--activation", "nope", "train.py", "16"], "activation 'nope' is not in the catalogue"),
        (["--lr", "fast", "--activation", "tanh", "train.py", "16"], "--lr got 'fast': expected auto or keep"),
        (["--activation", "tanh", "train.py"], "IndexError: list index out of range (train.py:9)"),
        (["--activation", "tanh", "missing.py"], "no script at 'missing.py'"),
        (["--activation", "tanh", "--address", "here:1", "train.py", "16"], "without a backend"),
    ],
)
def test_what_cannot_be_raced_is_said_in_one_line(tmp_path, options, said):
    code, out, err = race(tmp_path, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
