"""Every function and loss against its textbook formula at 50 digits; nothing here names a member."""

import mpmath as mp
import numpy as np
import pytest
import torch

from neurologist.catalogue import activations
from neurologist.catalogue.oracle import exact
from neurologist.functional import functions
from neurologist.theory.numeric import branch_points

SCALAR = [name for name, spec in activations.items() if not spec.vector]
SIDES = [s * m for m in (1e-12, 1e-6, 1e-3, 0.1, 0.5, 1.0, 1.7, 2.9, 5.0, 9.0, 20.0, 100.0) for s in (1.0, -1.0)]
POINTS = [0.0, *SIDES]
# Relative error allowed, in units of the dtype's epsilon (one ULP is between half of one and one); wide for float32
# and float64 because an argument's rounding is multiplied by x^2 where a normal density falls off.
ALLOWED = {torch.float64: 256, torch.float32: 256, torch.bfloat16: 1, torch.float16: 1}


def away_from_kinks(name: str, points: list[float]) -> list[float]:
    kinks = branch_points(activations[name], activations[name].parameters)
    return [x for x in points if all(abs(x - kink) > 1e-13 for kink in kinks)]


def assert_close(got: torch.Tensor, expected: list[mp.mpf], where: torch.Tensor) -> None:
    info = torch.finfo(got.dtype)
    for value, want, x in zip(got.double().tolist(), expected, where.tolist(), strict=True):
        error = abs(mp.mpf(value) - want)
        # Subnormal results have few digits left: only their size is asked for.
        allowed = abs(want) * info.eps * ALLOWED[got.dtype] + info.tiny * 2
        assert error <= allowed, f"at {x}: {value} for {mp.nstr(want, 20)}"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", SCALAR)
def test_value_and_slope_agree_with_the_formula_at_50_digits(name: str, dtype: torch.dtype) -> None:
    function, spec = functions[name], activations[name]
    x = torch.tensor(away_from_kinks(name, POINTS)).to(dtype).requires_grad_()
    exact_inputs = x.detach().double().tolist()
    y = function(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert y.dtype == gradient.dtype == dtype
    assert_close(y.detach(), [exact(spec.formula, {**spec.parameters, "x": v}) for v in exact_inputs], x)
    slopes = [exact(spec.formula_derivative, {**spec.parameters, "x": v}) for v in exact_inputs]
    assert_close(gradient, slopes, x)
    assert_close(function.derivative(x.detach()), slopes, x)
    assert_close(function.slope(x=x), slopes, x)


@pytest.mark.parametrize("name", SCALAR)
def test_numpy_and_floats_agree_with_the_formula(name: str) -> None:
    function, spec = functions[name], activations[name]
    x = np.array(away_from_kinks(name, POINTS))
    values = [exact(spec.formula, {**spec.parameters, "x": v}) for v in x.tolist()]
    slopes = [exact(spec.formula_derivative, {**spec.parameters, "x": v}) for v in x.tolist()]
    where = torch.from_numpy(x)
    assert_close(torch.from_numpy(function(x)), values, where)
    assert_close(torch.from_numpy(function.derivative(x)), slopes, where)
    assert_close(torch.tensor([function(v) for v in x.tolist()], dtype=torch.float64), values, where)


@pytest.mark.parametrize("name", SCALAR)
def test_derivative_rules_agree_with_mpmath(name: str) -> None:
    spec = activations[name]
    for x in away_from_kinks(name, [-4.0, -1.3, -0.2, 0.0, 0.4, 2.1, 7.0]):
        with mp.workdps(40):
            numeric = mp.diff(
                lambda v: exact(spec.formula, {**spec.parameters, "x": v}), mp.mpf(x), h=mp.mpf(10) ** -18
            )
            assert abs(numeric - exact(spec.formula_derivative, {**spec.parameters, "x": x})) < mp.mpf(10) ** -15


@pytest.mark.parametrize("name", [name for name in SCALAR if activations[name].derivative_from_output])
def test_slope_from_the_output_agrees_with_slope_from_the_input(name: str) -> None:
    function = functions[name]
    x = torch.linspace(-6, 6, 101, dtype=torch.float64) + 0.013
    assert torch.allclose(function.slope(y=function(x)), function.slope(x=x), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", SCALAR)
def test_gradients_to_second_order(name: str) -> None:
    x = torch.tensor([-3.7, -2.2, -0.6, -0.11, 0.13, 0.7, 1.9, 4.4], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(functions[name], (x,))
    assert torch.autograd.gradgradcheck(functions[name], (x,))
