from __future__ import annotations

import pytest

from neurologist.report.bars import PLAIN, UNICODE, Glyphs, span, sparkline


@pytest.mark.parametrize("marks", [UNICODE, PLAIN])
def test_a_falling_loss_is_drawn_falling(marks: Glyphs) -> None:
    line = sparkline([float(v) for v in range(100, 0, -1)], 8, marks)
    levels = [marks.levels.index(mark) for mark in line]
    assert levels == sorted(levels, reverse=True)
    assert (levels[0], levels[-1]) == (7, 0)


def test_what_was_not_finite_is_marked() -> None:
    assert sparkline([1.0, None, 3.0, float("nan")], 4, UNICODE) == "▁×█×"
    assert sparkline([None, None], 4, UNICODE) == "××"


@pytest.mark.parametrize("values", [[], [0.0], [-1.0, -1.0], [0.0, 1e300], [1e-300, 1e300]])
def test_odd_curves_are_drawn_too(values: list[float]) -> None:
    assert len(sparkline(values, 10, UNICODE)) == len(values)


def test_falls_and_rises_differ_without_colour() -> None:
    assert span(0, -2, -4, 0, 9, UNICODE) == "████     "
    assert span(-4, -2, -4, 0, 9, UNICODE) == "    ▒▒▒▒ "
    assert span(-2, -2, -4, 0, 9, PLAIN) == "    |    "
    assert span(0, 0, 0, 0, 5, PLAIN) == "|    "
    assert all(len(span(a, b, -4, 0, 9, PLAIN)) == 9 for a in (0, -1.9, -4) for b in (0, -2.1, -4))
