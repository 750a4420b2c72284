"""`neurologist choose` as a user meets it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurologist.theory.choose import TAKES, choose

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_help_names_every_place_and_every_option(neurologist: Command) -> None:
    ran = neurologist("choose", "--help")
    assert ran.returncode == 0
    assert all(place in ran.stdout for place in TAKES)
    assert all(f"--{option}" in ran.stdout for options in TAKES.values() for option in options)
    assert "neurologist choose hidden --depth 30 --width 512" in ran.stdout
    assert "choose" in neurologist("--help").stdout


def test_without_a_place_all_are_listed(neurologist: Command) -> None:
    ran = neurologist("choose")
    assert (ran.returncode, ran.stderr) == (0, "")
    rows = ran.stdout.splitlines()
    assert [row.split()[0].rstrip(",") for row in rows if row.startswith("  ")] == [p for p in TAKES if p != "output"]
    assert any("multi-class" in row and "cross_entropy" in row for row in rows)
    found = json.loads(neurologist("choose", "-f", "json").stdout)
    assert [one["place"] for one in found] == [place for place in TAKES if place != "output"]
    assert neurologist("choose", "-f", "markdown").stdout.startswith("| place | use |\n|---|---|\n| hidden")


def test_a_choice_is_shown_with_its_reasons(neurologist: Command) -> None:
    ran = neurologist("choose", "hidden", "--depth", "30", "--width", "512")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[:2] == ["hidden, depth 30, width 512, dtype float32", "Use elu"]
    for title in ("Why", "Would do, the best first", "Not here, of what torch has", "Notes"):
        assert f"\n\n{title}\n" in ran.stdout
    assert "gradient over 30 layers" in ran.stdout
    assert "sigmoid 5.79e-13" in ran.stdout
    assert all(len(line) <= 100 and line == line.rstrip() for line in ran.stdout.splitlines())


def test_json_is_the_choice_itself(neurologist: Command) -> None:
    ran = neurologist("choose", "hidden", "--norm", "layer", "--residual", "--dtype", "bfloat16", "--format", "json")
    data = json.loads(ran.stdout)
    expected = choose("hidden", norm="layer", residual=True, dtype="bfloat16")
    assert data["given"] == dict(expected.given)
    assert [one["name"] for one in data["avoid"]] == [one.name for one in expected.avoid]
    assert {"numbers", "behind"} < set(data["options"][0])
    assert data["avoid"][0]["why"] == expected.avoid[0].why


def test_markdown_is_well_formed(neurologist: Command) -> None:
    page = neurologist("choose", "gate", "--steps", "20", "--format", "markdown").stdout
    assert page.startswith("# gate, steps 20, dtype float32\n")
    assert "**Use sigmoid**" in page
    tables = [line for line in page.splitlines() if line.startswith("|")]
    width = 0
    for line in tables:
        bars = line.replace("\\|", "").count("|")
        width = bars if line.startswith(("| what", "| name", "| problem")) else width
        assert bars == width


@pytest.mark.parametrize(
    ("name", "write", "place"),
    [
        ("y.npy", lambda path: np.save(path, np.array([0.5, -2.0, 1.5])), "unbounded"),
        ("y.csv", lambda path: path.write_text("0\n2\n1\n2\n"), "multi-class"),
        ("y.tsv", lambda path: path.write_text("1\t0\t1\n1\t1\t0\n"), "multi-label"),
        ("y.txt", lambda path: path.write_text("\ufeff0.5\n0.1\n7.5\n2e-3\n"), "non-negative"),
    ],
)
def test_targets_are_read_from_files(
    neurologist: Command, tmp_path: Path, name: str, write: Callable[[Path], object], place: str
) -> None:
    write(tmp_path / name)
    ran = neurologist("choose", "output", "--targets", name)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"{place}, ")
    assert f"Read as {place}" in ran.stdout


def test_bad_input_is_one_line_that_says_what_to_do(neurologist: Command, tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_text("price\n3\n")
    (tmp_path / "empty.csv").write_text("\n")
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    for arguments, said in (
        (("outputs",), "did you mean 'output'"),
        (("gate", "--width", "3"), "got width: expected steps, dtype"),
        (("--depth", "3"), "such as `neurologist choose hidden`"),
        (("output", "--targets", "nowhere.npy"), "cannot be read from 'nowhere.npy': No such file"),
        (("output", "--targets", "model.pt"), "expected .npy, .csv, .tsv or .txt"),
        (("output", "--targets", "header.csv"), "no header"),
        (("output", "--targets", "empty.csv"), "is empty"),
        (("output", "--targets", "objects.npy"), "holds more than numbers"),
    ):
        ran = neurologist("choose", *arguments)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr.startswith("neurologist: ")
        assert said in ran.stderr
        assert len(ran.stderr.splitlines()) == 1
