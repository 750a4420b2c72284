"""Traits: what textbooks and FACTS say must come out of the formulas."""

import math
import time

import pytest

from neurologist.catalogue import Activation, DeclarationError, Interval, Source, activations
from neurologist.theory import gain, traits

SOURCE = Source("test", 2026, "test")
GAINS = {
    **{"sigmoid": 1.846, "tanh": 1.593, "relu": 1.414, "elu": 1.245, "selu": 1.000, "gelu": 1.534, "silu": 1.677},
    **{"mish": 1.487, "hardswish": 1.737, "softplus": 1.042, "softsign": 2.338, "identity": 1.0},
}


@pytest.mark.parametrize(("name", "expected"), GAINS.items())
def test_gain(name: str, expected: float) -> None:
    assert gain(name) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize("name", list(activations))
def test_every_declared_range_holds_and_every_trait_computes(name: str) -> None:
    found = traits(activations[name])
    assert found.range == activations[name].range
    assert found.lipschitz > 0
    assert found.gain > 0
    assert not (found.odd and found.even)


@pytest.mark.parametrize(
    ("name", "lipschitz", "at"),
    [("sigmoid", 0.25, 0.0), ("tanh", 1.0, 0.0), ("gelu", 1.128904, math.sqrt(2)), ("silu", 1.099839, 2.39936)],
)
def test_largest_slope(name: str, lipschitz: float, at: float) -> None:
    found = traits(activations[name])
    assert found.lipschitz == pytest.approx(lipschitz, abs=1e-6)
    assert found.lipschitz_at == pytest.approx(at, abs=1e-3)


def test_tails_and_dead_zones() -> None:
    relu, sigmoid, leaky, elu = (traits(activations[name]) for name in ("relu", "sigmoid", "leaky_relu", "elu"))
    assert relu.dead == Interval(-math.inf, 0.0, False, True)
    assert (relu.saturates_left, relu.saturates_right) == (False, False)
    assert sigmoid.dead is None
    assert (sigmoid.saturates_left, sigmoid.saturates_right) == (True, True)
    assert leaky.dead is None
    assert leaky.slope_left == pytest.approx(0.01)
    assert (elu.saturates_left, elu.saturates_right, elu.dead) == (True, False, None)
    assert [str(zone) for zone in traits(activations["hardtanh"]).dead_intervals] == ["(-inf, -1]", "[1, inf)"]


def test_symmetry_smoothness_and_convexity() -> None:
    found = {name: traits(activations[name]) for name in ("tanh", "sigmoid", "relu", "elu", "softplus", "gelu")}
    assert [name for name, t in found.items() if t.zero_centred] == ["tanh"]
    assert [name for name, t in found.items() if t.odd] == ["tanh"]
    assert [name for name, t in found.items() if t.convex] == ["relu", "elu", "softplus"]
    assert {name: t.smoothness for name, t in found.items() if t.smoothness < math.inf} == {"relu": 0, "elu": 1}
    assert found["gelu"].direction is None
    assert found["relu"].direction == "increasing"


def test_traits_follow_the_parameters() -> None:
    assert traits(activations["leaky_relu"], negative_slope=0.3).slope_left == pytest.approx(0.3)
    assert traits(activations["elu"], alpha=2.0).range == Interval(-2.0, math.inf)
    assert traits(activations["elu"], alpha=2.0).smoothness == 0
    with pytest.raises(TypeError, match="'elu' got the parameter 'slope': it has alpha"):
        traits(activations["elu"], slope=2.0)


@pytest.mark.parametrize("wrong", [Interval(0, 2), Interval(0, 0.5), Interval(-1, 1), Interval()])
def test_a_wrong_range_is_caught(wrong: Interval) -> None:
    spec = Activation("wrong", "1 / (1 + exp(-x))", wrong, SOURCE, stable="sigmoid(x)")
    with pytest.raises(DeclarationError, match=r"'wrong' declares the range .* its formula gives values from"):
        traits(spec)


def test_an_undeclared_name_is_caught() -> None:
    with pytest.raises(DeclarationError, match="uses b: expected only x"):
        Activation("wrong", "b * x", Interval(), SOURCE)


def test_traits_are_cached() -> None:
    spec = activations["mish"]
    traits(spec)
    start = time.perf_counter()
    for _ in range(100):
        traits(spec)
    assert time.perf_counter() - start < 1.0
