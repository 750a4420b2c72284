"""Balls are a second oracle that agrees with the first, and bound formulas over intervals."""

from __future__ import annotations

import random
from math import inf, isclose

import pytest

from neurologist.catalogue import activations
from neurologist.catalogue.balls import Oracle, bounds
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
    wide = bounds("x / (1 + exp(-x))", {}, "x", -2.0, 0.0)
    assert wide[0] <= -0.2784645427610738
    assert wide[1] >= 0.0
    narrow = bounds("x / (1 + exp(-x))", {}, "x", -1.2785, -1.2784)
    assert -0.2786 < narrow[0] <= -0.2784645427610738 <= narrow[1] < -0.2783
    assert bounds("a * x", {"a": 2.0}, "x", 1.0, 3.0) == pytest.approx((2.0, 6.0))


@pytest.mark.parametrize(
    ("formula", "low", "high", "least", "largest"),
    [
        ("x ** 2", -1, 2, 0, 4),
        ("x ** 3", -1, 2, -1, 8),
        ("sqrt(abs(x))", -1, 4, 0, 2),
        ("abs(x) ** 0.5", -1, 4, 0, 2),
        ("gauss(x)", -1, 2, 0.018315638888734, 1),
        ("tanh(x)", -1e300, 1e300, -1, 1),
        ("softplus(x)", -800, 3, 0, 3.0485873515737),
        ("max(x, 0) - min(x, 1)", 2, 3, 1, 2),
        ("sign(x)", -1, 1, -1, 1),
    ],
)
def test_bounds_of_words_are_tight(formula, low, high, least, largest):
    found = bounds(formula, {}, "x", low, high)
    assert found[0] <= least <= largest <= found[1]
    assert found == pytest.approx((least, largest), rel=1e-6, abs=1e-6)


def test_an_exponential_of_an_exponential_goes_to_its_limit_for_single_floats_only():
    formula = "1 / (1 + exp(exp(x)))"
    assert Oracle(formula, {})(1e5) == 0
    assert bounds(formula, {}, "x", 1e5, 1e5) == (-inf, inf)
    assert float(Oracle("log(1 + exp(x))", {})(1e300).mid()) == 1e300


def test_a_comparison_left_open_takes_both_branches():
    low, high = bounds("where(x > 0, 1, -1)", {}, "x", -1.0, 1.0)
    assert low <= -1 < 1 <= high
    assert bounds("where(x > 0, 1, -1)", {}, "x", 0.5, 1.0) == pytest.approx((1, 1))


def test_a_pole_inside_is_unbounded():
    assert bounds("1 / x", {}, "x", -1.0, 1.0) == (-inf, inf)
