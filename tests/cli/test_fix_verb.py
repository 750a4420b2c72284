"""`neurologist fix` on scripts as they come: each gets an answer that says what it is like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """\
import torch
from torch import nn

draw = torch.Generator().manual_seed(1)
y = torch.randint(0, 4, (384,), generator=draw)
x = torch.randn(4, 6, generator=draw)[y] * 2 + torch.randn(384, 6, generator=draw)
{begin}
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4){last})
{weights}
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
for epoch in range(20):
    for rows in torch.randperm(384).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
{end}
"""
SICK = ", nn.Softmax(dim=1)"
ARGUMENTS = "import argparse; p = argparse.ArgumentParser(); p.add_argument('--lr', required=True); p.parse_args()"
ONE_RUN = "for p in model.parameters(): p.data.copy_(torch.randn(p.shape, generator=draw) * 0.3)"
ONE_ORDER = "torch.randperm = lambda n, own=torch.randperm: own(n, generator=draw)"


def fix(folder: Path, *options: str, begin="", last=SICK, weights="", end="", arguments=()) -> tuple[int, str, str]:
    script = folder / "train.py"
    script.write_text(SCRIPT.format(begin=begin, last=last, weights=weights, end=end))
    command = [sys.executable, "-m", "neurologist", "fix", "--quiet", *options, "train.py", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"begin": "import no_such_module"}, "ModuleNotFoundError: No module named 'no_such_module' (train.py:7)"),
        ({"begin": ARGUMENTS}, "exit code 2: train.py: error: the following arguments are required: --lr"),
        ({"begin": "raise SystemExit(0)"}, "the program ended before its first .backward()"),
        ({"begin": "import os; os._exit(9)"}, "its process ended with exit code 9"),
        ({"begin": "def"}, "SyntaxError: "),
    ],
)
def test_a_script_that_cannot_be_tried_says_why(tmp_path, parts, said):
    code, out, err = fix(tmp_path, **parts)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_arguments_reach_the_script_and_the_cure_its_source(tmp_path):
    code, out, _ = fix(tmp_path, "--seeds", "1", "--apply", begin=ARGUMENTS, arguments=["--lr", "1"])
    assert code == 1
    assert "Cured by: no softmax before the loss" in out
    assert "-model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4), nn.Softmax(dim=1))" in out
    assert "nn.Linear(16, 4))\n" in (tmp_path / "train.py").read_text()
    assert fix(tmp_path, "--seeds", "1", last="")[0] == 0


def test_files_are_written_by_each_run_or_in_a_copy(tmp_path):
    end = "open('log.txt', 'a').write('x')"
    _, out, _ = fix(tmp_path, "--seeds", "1", "--isolate", end=end)
    assert "Cured by" in out
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]
    _, out, _ = fix(tmp_path, "--seeds", "1", end=end)
    assert "The program writes files (log.txt): each trial wrote them anew." in out
    assert len((tmp_path / "log.txt").read_text()) > 1


def test_a_program_that_is_not_deterministic_gets_more_seeds(tmp_path):
    _, out, _ = fix(tmp_path, begin="import time; torch.manual_seed(time.time_ns())")
    assert "The program is not deterministic: from the same seed it came to accuracy" in " ".join(out.split())
    assert "5 seeds" in out


def test_a_program_that_ignores_seeds_is_said(tmp_path):
    _, out, _ = fix(tmp_path, begin=ONE_ORDER, weights=ONE_RUN)
    assert "The program runs the same from every seed: the verdict rests on one run" in " ".join(out.split())


def test_a_program_that_sets_its_own_seed_is_run_from_others_too(tmp_path):
    _, out, _ = fix(tmp_path, begin="torch.manual_seed(0)")
    assert "3 seeds)" in out


def test_an_arm_that_crashes_costs_no_other(tmp_path):
    """What is killed here, as by the kernel when memory runs out, is whatever gives other than probabilities."""
    crash = "import os; os.kill(os.getpid(), 9) if abs(float(model(x[:1]).sum()) - 1) > 1e-3 else None"
    code, out, _ = fix(tmp_path, "--seeds", "1", end=crash)
    assert code == 1
    said = " ".join(out.split())
    assert "killed by SIGKILL" in said
    assert "failed" in said
    assert "No cure: no treatment that was tried helped." in said
    assert "Traceback" not in out


def test_a_cluster_needs_its_package_or_a_name_that_there_is(tmp_path):
    assert "backend got 'spark': expected one of ray, dask" in fix(tmp_path, "--backend", "spark")[2]


def test_run_looks_for_a_cure_when_asked_to(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(begin="import os", last=SICK, weights="", end="os.chdir('/')"))
    command = [sys.executable, "-m", "neurologist", "run", "--quiet", "--fix", "train.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert done.stdout.count("ROOT CAUSE") == 1
    assert "Cured by: no softmax before the loss" in done.stdout
    assert "Cured by" not in script.read_text()


def test_the_report_goes_to_a_file_with_its_trials(tmp_path):
    code, out, err = fix(tmp_path, "--seeds", "1", "-o", "cure.html")
    assert (code, out) == (1, "")
    assert "double-softmax (NL101) found, cured by: no softmax before the loss; report written to cure.html" in err
    assert 'id="trial-1"' in (tmp_path / "cure.html").read_text(encoding="utf-8")
    assert fix(tmp_path, "-o", "missing/cure.html")[::2] == (
        2,
        "neurologist: cannot write the report to 'missing/cure.html': no such folder, or no right to write there\n",
    )


def test_run_with_fix_writes_one_document(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT.format(begin="print('hello')", last=SICK, weights="", end=""))
    command = [sys.executable, "-m", "neurologist", "run", "--quiet", "--fix", "--format", "json", "train.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    told = json.loads(done.stdout)
    assert told["findings"][0]["rule"] == "double-softmax"
    assert told["trials"]["arms"][0]["verdict"] == "cured"
    assert "hello" in done.stderr
