from __future__ import annotations

import math
from pathlib import Path

import pytest

from neurologist.report import words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "not seen"),
        (0, "0"),
        (0.0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (1234567, "1,234,567"),
        (10**40, "1e40"),
        (0.031249, "0.0312"),
        (-2.5, "-2.5"),
        (999.6, "1,000"),
        (12345.678, "12,300"),
        (999999.0, "1e6"),
        (1.234e-7, "1.23e-7"),
        (2e12, "2e12"),
        (5e-324, "4.94e-324"),
        (math.nan, "NaN"),
        (math.inf, "infinity"),
        (-math.inf, "-infinity"),
        (10**400, "infinity"),
        (True, "True"),
        ("float16", "float16"),
    ],
)
def test_numbers_are_said_in_three_digits(value: float | str | None, said: str) -> None:
    assert words.number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(-2.13, "-2.1"), (0.4, "+0.4"), (0.01, "0.0"), (-0.04, "0.0"), (None, "?"), (math.nan, "?"), (-math.inf, "-inf")],
)
def test_decades_have_a_sign_unless_they_are_nothing(value: float | None, said: str) -> None:
    assert words.decades(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.42, "0.4 s"), (12.3, "12 s"), (200.0, "3 min 20 s"), (7500.0, "2 h 5 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize("bad", ["\x1b[31mred", "a\u202eb", "a\x07", "a\u200bb", "\ud800", "a\u2028b", "\x9b2J", "\0"])
def test_what_steers_a_terminal_is_spelt_out(bad: str) -> None:
    for said in (words.clean(bad), words.code_line(bad), words.path_text(bad)):
        assert said.isprintable()
        said.encode("utf-8")
        assert "\\" in said or bad in ("a\u2028b", "\x9b2J", "\0")


def test_long_names_are_cut_in_their_middle() -> None:
    said = words.clean(f"module {'n' * 10_000}end is slow")
    assert len(said) < 200
    assert "end is slow" in said
    assert len(words.clean("word " * 10_000)) <= words.LONGEST_TEXT
    assert len(words.code_line("x" * 100_000)) <= 200


def test_ascii_spells_out_what_it_cannot_write() -> None:
    assert words.clean("10 × 2 → ≥ 3 é 中", ascii_only=True) == "10 x 2 -> >= 3 \\xe9 \\u4e2d"


def test_paths_inside_the_folder_are_relative(tmp_path: Path) -> None:
    assert words.path_text(str(tmp_path / "a b" / "train.py"), tmp_path) == str(Path("a b") / "train.py")
    assert words.path_text("/elsewhere/train.py", tmp_path) == "/elsewhere/train.py"
    assert words.path_text("<stdin>", tmp_path) == "<stdin>"
