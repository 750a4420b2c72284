"""`neurologist.testing` and the pytest plugin: what passes, what fails, and what the failure says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.diagnose import Settings
from neurologist.testing import NotLearnt, Sick, assert_healthy, assert_learns
from neurologist.watch.session import watch


def train(softmax: bool = False, lr: float = 0.03, steps: int = 60) -> None:
    torch.manual_seed(0)
    x = torch.randn(256, 20)
    y = x[:, :5].argmax(1)
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5), nn.Softmax(1) if softmax else nn.Identity())
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        rows = torch.randint(256, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()


def test_a_program_that_learns_passes_and_gives_its_diagnosis() -> None:
    diagnosis = assert_learns(train)
    assert diagnosis.summary.steps == 60
    assert diagnosis.summary.gained is not None
    assert diagnosis.summary.gained > 0.5


def test_a_program_that_stands_still_fails_with_numbers() -> None:
    with pytest.raises(NotLearnt) as failure:
        assert_learns(lambda: train(lr=1e-6))
    text = str(failure.value)
    assert text.startswith("the program did not learn: in 60 steps its loss went from 1.6")
    assert "of it gone, expected at least 20 %)" in text.splitlines()[0]
    assert "lr-too-low (NL502)" in text


@pytest.mark.parametrize(
    ("asked", "passes"), [({"loss": 0.5}, True), ({"loss": 1e-4}, False), ({"fall": 0.9999}, False)]
)
def test_what_counts_as_learnt_can_be_said(asked: dict[str, float], passes: bool) -> None:
    if passes:
        assert_learns(train, **asked)  # type: ignore[arg-type]
    else:
        with pytest.raises(NotLearnt, match="expected at "):
            assert_learns(train, **asked)  # type: ignore[arg-type]


def test_a_program_that_learns_in_spite_of_an_error_fails_with_its_line() -> None:
    with pytest.raises(Sick) as failure:
        assert_learns(lambda: train(softmax=True))
    text = str(failure.value)
    assert text.startswith("the examination found double-softmax\nROOT CAUSE: double-softmax (NL101), error")
    assert "test_assertions.py:" in text
    assert "nn.Softmax(1) if softmax" in text
    assert "lowest loss possible with 5 classes behind two softmaxes: 0.905 nats (expected 0)" in text
    settings = Settings(ignore={"double-softmax": "on purpose"})
    assert assert_learns(lambda: train(softmax=True), settings=settings).aside


def test_a_program_is_stopped_after_the_steps_asked_for() -> None:
    with pytest.raises(NotLearnt, match="in 3 steps its loss"):
        assert_learns(train, steps=3)


def test_what_the_program_raises_passes_through() -> None:
    def broken() -> None:
        raise ZeroDivisionError("of the program")

    with pytest.raises(ZeroDivisionError, match="of the program"):
        assert_learns(broken)
    with pytest.raises(NotLearnt, match=r"it never called \.backward\(\)"):
        assert_learns(lambda: None)
    with pytest.raises(ValueError, match=r"fall=1\.5"):
        assert_learns(train, fall=1.5)


def test_a_script_is_run_with_its_arguments_and_by_the_settings_above_it(tmp_path: Path) -> None:
    source = (
        "import sys, torch\ntorch.manual_seed(0)\nw = torch.zeros(4, requires_grad=True)\nlr = float(sys.argv[1])\n"
        "opt = torch.optim.SGD([w], lr=lr)\nx = torch.randn(64, 4)\nfor _ in range(40):\n    opt.zero_grad()\n"
        "    torch.nn.functional.mse_loss(x @ w, x.sum(1)).backward()\n    opt.step()\n"
    )
    (tmp_path / "fit.py").write_text(source)
    assert_learns(tmp_path / "fit.py", arguments=["0.3"], loss=0.1)
    with pytest.raises(NotLearnt):
        assert_learns(str(tmp_path / "fit.py"), arguments=["1e-7"])
    (tmp_path / "pyproject.toml").write_text("[tool.neurologist]\nbudgett = 1\n")
    with pytest.raises(ValueError, match="did you mean budget"):
        assert_learns(tmp_path / "fit.py", arguments=["0.3"])


def test_health_is_asserted_of_a_session_from_a_severity_on() -> None:
    with watch(budget=1.0) as session:
        train()
    assert assert_healthy(session) == assert_healthy(session.diagnose(over_time=False))
    with watch(budget=1.0) as slow:
        train(lr=1e-6)
    with pytest.raises(Sick, match="the examination found lr-too-low"):
        assert_healthy(slow)
    with watch() as idle:
        pass
    with pytest.raises(Sick, match="nothing was examined"):
        assert_healthy(idle)


# -- pytest ---------------------------------------------------------------------------------------------------

TESTS = """
import sys

def test_nothing_heavy_is_loaded():
    assert {"torch", "numpy", "sympy", "rich"} & set(sys.modules) == set()

def test_another_failure(neurologist):
    from test_assertions import train
    train(softmax=True)
    assert 1 == 2

def test_sick(neurologist):
    from test_assertions import train
    from neurologist.testing import assert_healthy
    train(softmax=True)
    assert_healthy(neurologist)

def test_well(neurologist):
    from test_assertions import train
    train()
    assert neurologist.steps == 60

def test_ignored(neurologist):
    from test_assertions import train
    from neurologist.diagnose import Settings
    from neurologist.testing import assert_healthy
    assert neurologist.settings.ignore == {"lr-too-low": "a smoke test"}
    train(lr=1e-6)
    assert assert_healthy(neurologist, at="error").aside
"""


def test_the_plugin_loads_nothing_until_asked_and_tells_the_cause_of_a_failure(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_training.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text('[tool.neurologist.ignore]\nlr-too-low = "a smoke test"\n')
    path = os.pathsep.join([str(root / "src"), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "neurologist.pytest_plugin", "-p", "no:cacheprovider", "--no-header"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "2 failed, 3 passed" in done.stdout, done.stdout
    other, sick = done.stdout.split("_ test_sick _")
    before, _, section = other.partition(" neurologist ---")
    assert "assert 1 == 2" in before
    assert "double-softmax" not in before
    assert "ROOT CAUSE: double-softmax (NL101), error" in section
    assert "test_assertions.py:" in section
    assert "E       ROOT CAUSE: double-softmax (NL101), error" in sick
    assert " neurologist ---" not in sick  # it stands in the assertion's text already
