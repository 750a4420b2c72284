"""Settings, comments and a baseline as a user meets them on the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from neurologist.cli import _examine
from neurologist.diagnose import Settings
from neurologist.watch.sampler import DEFAULT

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_what_is_ignored_or_known_does_not_fail_and_is_told(neurologist: Command, sick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(sick.read_text())
    settings = folder / "pyproject.toml"
    settings.write_text('[tool.neurologist]\nignore.stopped-too-early = "a smoke test"\nbaseline = "known.json"\n')

    missing = neurologist("run", "project/train.py")
    assert missing.returncode == 2
    assert missing.stdout == ""  # before the script has begun
    assert "known.json': No such file or directory; write it with `neurologist run --write-baseline known.json" in (
        missing.stderr
    )

    wrote = neurologist("run", "--write-baseline", "project/known.json", "--record", "run.nlr", "project/train.py")
    assert wrote.returncode == 0
    assert wrote.stderr == "neurologist: baseline of 1 finding written to project/known.json\n"
    rows = json.loads((folder / "known.json").read_text())["findings"]
    assert ("double-softmax", "train.py") in [(row["rule"], row["file"]) for row in rows]
    assert "stopped-too-early" not in [row["rule"] for row in rows]
    told = " ".join(wrote.stdout.split())
    assert "nothing found, 1 ignored, 1 known" in told
    assert "1 finding ignored: stopped-too-early (a smoke test; project/pyproject.toml)" in told
    assert "known before (project/known.json): double-softmax (project/train.py:12)" in told

    # the record is examined by what holds above it or above the current folder, which here is neither
    later = neurologist("diagnose", "run.nlr")
    assert later.returncode == 1
    assert "double-softmax" in later.stdout
    again = neurologist("diagnose", str((tmp_path / "run.nlr").rename(folder / "run.nlr")), "-f", "json")
    assert again.returncode == 0
    assert [aside["kind"] for aside in json.loads(again.stdout)["aside"]] == ["known", "ignored"]


@pytest.mark.parametrize(
    ("asked", "set_to", "spent"), [(None, None, DEFAULT), (None, 0.5, 0.5), (None, 0.0, 0.0), (0.0, 0.5, 0.0)]
)
def test_the_budget_of_the_settings_holds_until_the_command_says_another(
    sick: Path, asked: float | None, set_to: float | None, spent: float
) -> None:
    request = _examine.Request(str(sick), [], False, None, asked, None, None, None, True)
    assert _examine._session(request, None, Settings(budget=set_to)).sampler.budget == spent


@pytest.mark.parametrize("verb", ["run", "check", "diagnose"])
def test_settings_that_cannot_be_used_end_every_verb_before_it_begins(
    neurologist: Command, sick: Path, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.neurologist]\nbudgett = 1\n")
    ran = neurologist(verb, "train.py")
    assert ran.returncode == 2
    assert ran.stdout == ""
    expected = (
        f"neurologist: {tmp_path / 'pyproject.toml'}: tool.neurologist has no key 'budgett': did you mean budget?"
    )
    assert ran.stderr.startswith(expected)
