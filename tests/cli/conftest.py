"""Running the command as a user does: in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SICK = """\
import argparse
import torch
from torch import nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=30)
parser.add_argument("--fail", type=int, default=-1)
args = parser.parse_args()

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5), nn.Softmax(1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def main():
    for step in range(args.steps):
        x = torch.randn(64, 20)
        y = x[:, :5].argmax(1)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print("step", step, flush=True)
        if step == args.fail:
            raise ValueError("no more data")


if __name__ == "__main__":
    main()
    print("done")
"""


@pytest.fixture(scope="session")
def environment(root: Path) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS")}
    path = os.pathsep.join(filter(None, [str(root / "src"), os.environ.get("PYTHONPATH")]))
    return {**plain, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Start Python with these arguments in the test's folder."""

    def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [sys.executable, *arguments], cwd=tmp_path, env=environment, text=True, encoding="utf-8", **pipes
        )

    return start


@pytest.fixture
def python(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python with these arguments in the test's folder, to its end."""

    def python(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        with start(*arguments) as process:
            try:
                out, err = process.communicate(stdin, timeout=90)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return python


@pytest.fixture
def neurologist(
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command with these arguments in the test's folder."""
    return lambda *arguments, **options: python("-m", "neurologist", *arguments, **options)


@pytest.fixture
def sick(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(SICK)
    return path
