"""The examples run as they stand, and their examination says what examples/README.md says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))
FAULTS = {  # script -> rule of its root cause, and what the named line holds
    "sick_softmax_twice": ("double-softmax", "F.softmax(self.fc3(x), dim=1)"),
    "sick_deep_sigmoid": ("vanishing-gradient", "model(images[batch])"),  # a Sequential's one line
    "sick_constant_start": ("symmetric-units", "torch.tanh(self.hidden(x))"),
}


def run(arguments, folder):
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, cwd=folder, env=environment
    )


def examine(script, folder):
    """Exit code and findings of an examination with the script's own defaults."""
    report = folder / "report.json"
    done = run(["-m", "neurologist", "run", "-o", report, script], folder)
    assert report.exists(), done.stderr
    return done.returncode, json.loads(report.read_text(encoding="utf-8"))["findings"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_runs(script, tmp_path):
    done = run([str(script), "--epochs", "1"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "epoch" in done.stdout or "loss=" in done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_is_named_in_the_readme_and_short(script):
    assert f"]({script.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")
    source = script.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 110
    assert "neurologist" not in source


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s.stem in FAULTS], ids=lambda path: path.stem)
def test_sick_one_is_named_with_its_line(script, tmp_path):
    code, findings = examine(script, tmp_path)
    rule, line = FAULTS[script.stem]
    assert code == 1
    assert findings[0]["rule"] == rule
    origin = findings[0]["origin"]
    assert Path(origin["file"]).name == script.name
    assert line in origin["code"]
    assert script.read_text(encoding="utf-8").splitlines()[origin["line"] - 1].strip() == origin["code"]


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s.stem.startswith("healthy")], ids=lambda path: path.stem)
def test_healthy_one_has_no_finding(script, tmp_path):
    code, findings = examine(script, tmp_path)
    assert [f["rule"] for f in findings if f["severity"] != "info"] == []
    assert code == 0
