"""Balls are a second oracle that agrees with the first, and bound formulas over intervals."""

from __future__ import annotations

import random
from math import inf, isclose

import pytest

from neurologist.catalogue import activations
from neurologist.catalogue.balls import Bounds, Oracle
from neurologist.catalogue.oracle import exact

SCALAR = [name for name, spec in activations.items() if not spec.vector]


@pytest.mark.parametrize("name", SCALAR)
def test_both_oracles_agree(name):
    spec, draw = activations[name], random.Random(0)
    points = [draw.uniform(-30, 30) for _ in range(5)] + [-1e-20, 1e-20, 0.5, -(2.0**10)]
    for formula in (spec.formula, spec.formula_derivative):
        oracle = Oracle(formula, spec.parameters)
        for x in points:
            got, want = oracle(x), exact(formula, {**spec.parameters, "x": x})
            assert got is not None
            assert isclose(float(got.mid()), float(want), rel_tol=1e-15, abs_tol=1e-320)


def test_a_value_that_cancels_is_right_to_a_hundred_bits():
    ball = Oracle("(1 + x) - 1", {})(1e-30)
    assert ball.rel_accuracy_bits() >= 100
    assert float(ball.mid()) == 1e-30


def test_what_is_not_finite_is_no_value():
    assert Oracle("log(x)", {})(-1.0) is None


def test_bounds_hold_and_close_in():
    silu = Bounds("x / (1 + exp(-x))", {})
    low, high, decided = silu(-2.0, 0.0)
    assert low <= -0.2784645427610738
    assert high >= 0.0
    assert decided
    low, high, _ = silu(-1.2785, -1.2784)
    assert -0.2786 < low <= -0.2784645427610738 <= high < -0.2783
    assert Bounds("a * x", {"a": 2.0})(1.0, 3.0) == pytest.approx((2.0, 6.0, True))


def test_a_comparison_left_open_takes_both_branches_and_says_so():
    step = Bounds("where(x > 0, 1, -1)", {})
    low, high, decided = step(-1.0, 1.0)
    assert low <= -1 < 1 <= high
    assert not decided
    assert step(0.5, 1.0) == pytest.approx((1, 1, True))


def test_a_pole_inside_is_unbounded():
    assert Bounds("1 / x", {})(-1.0, 1.0)[:2] == (-inf, inf)
