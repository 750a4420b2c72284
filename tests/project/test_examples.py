"""The examples run as they stand, and their examination says what examples/README.md says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))
FAULTS = {  # script -> rule of the root cause, and a part of the source line to name
    "sick_softmax_twice": ("double-softmax", "F.softmax(self.fc3(x), dim=1)"),
    "sick_deep_sigmoid": ("vanishing-gradient", None),
    "sick_constant_start": ("symmetric-units", None),
}


def run(arguments, folder):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=folder,
        env=environment,
    )


def examine(script, folder):
    start = "import sys; from neurologist.cli import main; sys.exit(main())"
    done = run(["-c", start, "run", "--format", "json", str(script)], folder)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout[done.stdout.index("{\n") :])["findings"]


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
