"""`[tool.neurologist]` of a project: every way to examine its training gives the same answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import neurologist as nl
from neurologist.config import ConfigError
from neurologist.diagnose import Settings
from neurologist.integrations._examination import Examination, Wishes
from neurologist.testing import assert_healthy

IGNORED = (
    '[tool.neurologist]\nbudget = 0.5\nignore = { double-softmax = "as published", stopped-too-early = "short" }\n'
)
NONE = Settings()


def train(steps: int = 3) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(torch.randn(8, 4)), torch.randint(3, (8,))).backward()
        optimizer.step()


def watched(**options: Settings) -> nl.Diagnosis:
    with nl.watch(**options) as session:
        train()
    return session.diagnose()


def checked(**options: Settings) -> nl.Diagnosis:
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))
    return nl.check(model, F.cross_entropy, (torch.randn(8, 4), torch.randint(3, (8,))), **options)


def learnt(**options: Settings) -> nl.Diagnosis:
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))
    batch = torch.randn(8, 4), torch.randint(3, (8,))
    return nl.check(model, F.cross_entropy, batch, overfit=True, steps=3, **options)


def recorded(**options: Settings) -> nl.Diagnosis:
    with nl.watch(record="run.nlr"):
        train()
    return nl.diagnose(Path("run.nlr").rename("later.nlr"), **options)


def tried(**options: Settings) -> nl.Diagnosis:
    return nl.fix(train, steps=3, seeds=1, minutes=0.01, **options).diagnosis


def called_back() -> nl.Diagnosis:
    examination = Examination()
    examination.begin(Wishes())
    train()
    examination.end()
    assert examination.diagnosis is not None
    return examination.diagnosis


CALLS = [watched, checked, learnt, recorded, tried]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(IGNORED)
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    return tmp_path


@pytest.mark.parametrize("way", [*CALLS, called_back])
def test_what_a_project_ignores_is_ignored_whoever_examines(way: Callable[..., nl.Diagnosis], project: Path) -> None:
    diagnosis = way()
    assert "double-softmax" not in [finding.rule for finding in diagnosis.findings]
    assert ("double-softmax", "as published") in [(aside.finding.rule, aside.reason) for aside in diagnosis.aside]


@pytest.mark.parametrize("way", CALLS)
def test_a_call_may_have_settings_of_its_own(way: Callable[..., nl.Diagnosis], project: Path) -> None:
    assert "double-softmax" in [finding.rule for finding in way(settings=NONE).findings]


def test_a_project_says_what_watching_may_cost_where_the_caller_does_not(project: Path) -> None:
    assert nl.watch().sampler.budget == 0.5
    assert nl.watch(0.02).sampler.budget == 0.02
    assert nl.watch(settings=NONE).sampler.budget == 0.01


def test_no_sink_is_told_what_the_project_ignores(project: Path) -> None:
    class Heard:
        def __init__(self) -> None:
            self.rules: list[str] = []

        def numbers(self, step: int, values: object) -> None: ...

        def finding(self, step: int, finding: nl.Finding) -> None:
            self.rules.append(finding.rule)

        def close(self) -> None: ...

    told: dict[bool, list[str]] = {}
    for ignoring in (True, False):
        heard = Heard()
        with nl.watch(sinks=[heard], settings=None if ignoring else NONE):
            train(steps=20)
        told[ignoring] = heard.rules
    assert "double-softmax" not in told[True]
    assert "double-softmax" in told[False]


def test_the_settings_above_the_script_come_before_those_of_the_current_folder(project: Path) -> None:
    script = project / "a" / "train.py"
    text = Path(__file__).read_text(encoding="utf-8")
    body = text[text.index("def train(") : text.index("def watched(")]
    script.write_text(
        "import torch\nimport neurologist as nl\nfrom torch import nn\nfrom torch.nn import functional as F\n\n"
        f"{body}with nl.watch() as session:\n    train()\nprint([aside.reason for aside in session.diagnose().aside])\n"
    )
    (project / "a" / "b" / "pyproject.toml").write_text('[tool.neurologist.ignore]\ndouble-softmax = "of b"\n')
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert "as published" in done.stdout
    assert "of b" not in done.stdout


def test_settings_that_cannot_be_used_are_told_before_training(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    (project / "pyproject.toml").write_text("[tool.neurologist]\nbudgett = 1\n")
    for way in CALLS:
        with pytest.raises(ConfigError, match="no key 'budgett': did you mean budget"):
            way()
    examination = Examination()
    examination.begin(Wishes())  # a callback harms no training
    train()
    examination.end()
    assert "no key 'budgett'" in caplog.text


def test_a_folder_that_is_gone_has_no_settings(project: Path) -> None:
    (project / "a" / "b").rmdir()
    with nl.watch() as session:
        train()
    assert "double-softmax" in [finding.rule for finding in session.diagnose().findings]


def test_an_assertion_follows_the_session(project: Path) -> None:
    with nl.watch() as session:
        train()
    assert_healthy(session, at="error")
