"""Where records go that the user names no file for, and which of them stay."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from neurologist.cli import _record


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / _record.FOLDER


def names(folder: Path, start: str = "") -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix == ".nlr" and path.name.startswith(start))


def test_the_latest_of_each_script_are_kept(folder: Path) -> None:
    _record.default("train")
    for day in range(1, 29):
        (folder / f"train-202601{day:02}-120000.nlr").touch()
        (folder / f"train-big-202601{day:02}-120000.nlr").touch()
    (folder / "train-20260110-120000.nlr-shm").touch()
    path = _record.default("train")
    path.touch()
    assert names(folder, "train-2") == [f"train-202601{day:02}-120000.nlr" for day in range(10, 29)] + [path.name]
    assert len(names(folder, "train-2")) == _record.KEPT
    assert len(names(folder, "train-big")) == 28


def test_several_of_one_second_are_in_order(folder: Path) -> None:
    _record.default("train")
    for number in range(1, 23):
        (folder / f"train-20260101-120000{f'-{number}' * (number > 1)}.nlr").touch()
    _record.default("train")
    assert len(names(folder)) == _record.KEPT - 1
    assert "train-20260101-120000-22.nlr" in names(folder)
    assert "train-20260101-120000-3.nlr" not in names(folder)


def test_names_of_the_users_own_stay(folder: Path) -> None:
    _record.default("train")
    own = ["train.nlr", "train-best.nlr", "train-20260101.nlr", "train-20260101-120000-old.nlr", "run-1.nlr"]
    for name in own:
        (folder / name).touch()
    for day in range(1, 29):
        (folder / f"train-202601{day:02}-120000.nlr").touch()
    _record.default("train")
    assert set(own) <= set(names(folder))


def test_a_record_that_is_being_written_stays(folder: Path) -> None:
    _record.default("train")
    for day in range(1, 29):
        (folder / f"train-202601{day:02}-120000.nlr").touch()
    for day, age in ((1, 60), (2, 30 * 24 * 3600)):  # the second one's process died long ago
        log = folder / f"train-202601{day:02}-120000.nlr-wal"
        log.touch()
        os.utime(log, (time.time() - age,) * 2)
    _record.default("train")
    assert names(folder)[:2] == ["train-20260101-120000.nlr", "train-20260110-120000.nlr"]
    assert not (folder / "train-20260102-120000.nlr-wal").exists()
