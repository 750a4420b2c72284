"""What the catalogue declares and `traits` derives is proved over intervals; what is wrong is refuted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neurologist.catalogue import Interval, activations
from neurologist.theory.certify import certify, prove
from neurologist.theory.traits import traits

SCALAR = [name for name, spec in activations.items() if not spec.vector]
# Claims that are true and that bounding cannot close: sums of hinges count each hinge as if it stood alone, and
# sin(x) / x and sin(x)^2 / x are bounded by parts.
OPEN = {"apl": "|slope|", "sinc": "range", "snake": "|slope|"}


@pytest.mark.parametrize("name", SCALAR)
def test_every_claim_is_proved(name):
    proofs = certify(activations[name])
    assert proofs
    assert all(proof.refuted is None for proof in proofs)
    left = [proof.claim for proof in proofs if not proof.holds]
    assert [claim.split()[0] for claim in left] == ([OPEN[name]] if name in OPEN else [])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("silu", Interval(-0.278, float("inf"), True, False)),  # the least value is -0.27846
        ("sigmoid", Interval(0.1, 1.0)),
        ("tanh", Interval(-1.0, 0.999)),
        ("gelu", Interval(-0.16997, float("inf"), True, False)),
        ("relu", Interval(0.001, float("inf"))),
    ],
)
def test_a_range_that_is_too_narrow_is_refuted(name, wrong):
    spec = activations[name]
    proof = prove(spec, "range", spec.value, wrong.lo, wrong.hi)
    assert not proof.holds
    assert proof.refuted is not None
    assert proof.intervals < 5_000


def test_a_function_that_turns_back_is_not_called_increasing():
    spec = activations["mish"]
    assert prove(spec, "increasing", spec.derivative, 0.0, float("inf")).refuted is not None


def test_a_steepest_slope_that_is_too_small_is_refuted():
    spec = activations["silu"]
    steepest = traits(spec).lipschitz * 0.999
    assert prove(spec, "|slope|", spec.derivative, -steepest, steepest).refuted is not None


def test_a_jump_is_not_hidden_by_its_flat_slope():
    spec = activations["hardshrink"]
    jump = replace(spec, formula="where(x > 0.3, 1, 0)", stable=None, stable_derivative="0")
    assert prove(jump, "range", jump.value, 0.0, 0.5).refuted is not None
