"""Each sick example, edited and run without us, gives what the verdict promised: the cure is in the source."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurologist as nl
from neurologist.treat.script import rerun, script

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SICK = {  # script -> arguments that keep it short, and the number that its last line prints
    "sick_softmax_twice": (["--epochs", "5"], r"test accuracy ([\d.]+)%"),
    "sick_deep_sigmoid": (["--epochs", "5", "--depth", "5"], r"accuracy=([\d.]+)"),
    "sick_constant_start": (["--epochs", "4", "--steps", "50"], r"held-out bits per character ([\d.]+)"),
}


def alone(path: Path, arguments: list[str], folder: Path) -> str:
    """What a script prints where this package cannot be imported."""
    hidden = folder / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "neurologist.py").write_text("raise ImportError('neurologist is not installed')", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(hidden), "OMP_NUM_THREADS": "1"}
    no = subprocess.run([sys.executable, "-c", "import neurologist"], env=environment, capture_output=True, check=False)
    assert b"is not installed" in no.stderr
    command = [sys.executable, str(path), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=300, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def printed(pattern: str, output: str) -> float:
    value = float(re.findall(pattern, output)[-1])
    return value / 100 if pattern.endswith("%") else value


def test_every_sick_example_is_here():
    assert {path.stem for path in EXAMPLES.glob("sick_*.py")} == set(SICK)


@pytest.mark.parametrize("name", SICK)
def test_the_edited_example_gives_what_was_promised(name, tmp_path):
    arguments, pattern = SICK[name]
    example = tmp_path / f"{name}.py"
    shutil.copy(EXAMPLES / example.name, example)
    before = printed(pattern, alone(example, arguments, tmp_path))
    cure = nl.fix(lambda: rerun(script(str(example), arguments)), steps=50, seeds=1, minutes=2)
    assert cure.best is not None
    found, verdict = cure.edit, cure.verdicts[0]
    assert not found.by_hand
    assert [change.path for change in found.changes] == [str(example)]
    found.changes[0].write()
    assert "neurologist" not in example.read_text(encoding="utf-8")
    output = alone(example, arguments, tmp_path)
    after = printed(pattern, output)
    if "accuracy" in pattern:  # on batches that were not trained on
        assert after == pytest.approx(verdict.treated, abs=0.08)
        assert after > before + 0.6 * (verdict.treated - verdict.control)
    else:
        course, epochs = verdict.course, len(re.findall("epoch", output))
        begins = course.passes[-1] * (1 - 1 / epochs)
        latest = [loss for number, loss in zip(course.passes, course.losses, strict=True) if number > begins]
        promised = sum(latest) / len(latest)
        assert printed(r"train loss ([\d.]+)", output) == pytest.approx(promised, abs=0.1)
        assert after < before - 0.2
