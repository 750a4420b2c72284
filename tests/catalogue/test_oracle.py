"""Every function and loss against its textbook formula at 50 digits; nothing here names a member."""

import math

import mpmath as mp
import numpy as np
import pytest
import torch

from neurologist.catalogue import activations, losses
from neurologist.catalogue.differentiate import differentiate
from neurologist.catalogue.oracle import exact
from neurologist.functional import functions
from neurologist.functional import losses as loss_functions
from neurologist.theory.numeric import branch_points

SCALAR = [name for name, spec in activations.items() if not spec.vector]
VECTOR = [name for name, spec in activations.items() if spec.vector]
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


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", SCALAR)
def test_finite_inputs_never_give_nan(name: str, dtype: torch.dtype) -> None:
    info = torch.finfo(dtype)
    edges = [0.0, info.tiny, info.smallest_normal / 2, info.eps, 88.0, 104.0, 750.0, 1e4, info.max / 2, info.max]
    x = torch.tensor([s * v for v in edges for s in (1, -1)], dtype=torch.float64).to(dtype).requires_grad_()
    y = functions[name](x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert not y.isnan().any()
    assert not gradient.isnan().any()
    assert gradient[x.detach().abs() <= 1e4].isfinite().all()
    assert not functions[name].derivative(x.detach()).isnan().any()


@pytest.mark.parametrize("name", VECTOR)
def test_vector_functions_agree_with_the_formula(name: str) -> None:
    rows = [[0.3, -1.2, 2.0], [100.0, -100.0, 99.0], [1e4, 1e4 - 1, 0.0]]
    for row in rows[:2]:
        with mp.workdps(400):
            expected = [float(v) for v in exact(activations[name].formula, {"x": row})]
        assert functions[name](torch.tensor(row, dtype=torch.float64)).tolist() == pytest.approx(expected, rel=1e-13)
        assert functions[name](np.array(row)).tolist() == pytest.approx(expected, rel=1e-13, abs=1e-300)
    assert np.isfinite(functions[name](np.array(rows[2]))).all()
    x = torch.tensor(rows[:1], dtype=torch.float64, requires_grad=True)
    jacobian = torch.autograd.functional.jacobian(lambda v: functions[name](v, dim=1), x)
    diagonal = jacobian[0, :, 0, :].diagonal()
    assert torch.allclose(functions[name].slope(x=x.detach(), dim=1)[0], diagonal)
    assert torch.allclose(functions[name].derivative(x.detach(), dim=1)[0], diagonal)


@pytest.mark.parametrize("name", [name for name, spec in losses.items() if not spec.vector])
def test_losses_agree_with_the_formula(name: str) -> None:
    spec, function = losses[name], loss_functions[name]
    low, high = max(spec.predictions.lo, -30.0), min(spec.predictions.hi, 30.0)
    predictions = [low + (high - low) * share for share in (0.01, 0.2, 0.43, 0.61, 0.9, 0.99)]
    t_low, t_high = max(spec.targets.lo, -5.0), min(spec.targets.hi, 5.0)
    for target in (t_low + 0.25 * (t_high - t_low), t_low + 0.75 * (t_high - t_low)):
        x = torch.tensor(predictions, dtype=torch.float64, requires_grad=True)
        t = torch.full_like(x, target)
        loss = function(x, t, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), x)
        slope = differentiate(spec.formula, spec.symbol)
        for i, value in enumerate(predictions):
            given = {**spec.parameters, spec.symbol: value, "t": target}
            assert loss[i].item() == pytest.approx(float(exact(spec.formula, given)), rel=1e-12)
            assert gradient[i].item() == pytest.approx(float(exact(slope, given)), rel=1e-9)
            assert function(value, target) == pytest.approx(loss[i].item(), rel=1e-12)
        array = function(np.array(predictions), np.full(len(predictions), target))
        assert array == pytest.approx(function(x, t).item(), rel=1e-12)
        assert function(x, t, reduction="sum").item() == pytest.approx(loss.sum().item())


@pytest.mark.parametrize("name", [name for name, spec in losses.items() if spec.vector])
def test_class_losses_agree_with_the_formula(name: str) -> None:
    spec, function = losses[name], loss_functions[name]
    scores = np.array([[-1.0, -2.0, -3.0, -4.0], [-2.0, -3.0, -3.0, -9.0]])
    classes = np.array([3, 0])
    expected = [
        float(exact(spec.formula, {spec.symbol: row, "t": np.array(k)})[0])
        for row, k in zip(scores, classes, strict=True)
    ]
    assert function(scores, classes, reduction="none").tolist() == pytest.approx(expected)
    got = function(torch.from_numpy(scores), torch.from_numpy(classes), reduction="none")
    assert got.tolist() == pytest.approx(expected)
    assert function(scores, classes) == pytest.approx(sum(expected) / 2)


def test_binary_loss_keeps_value_and_gradient_where_half_precision_used_to_lose_them() -> None:
    z = torch.tensor([-10.0, 10.0], dtype=torch.bfloat16, requires_grad=True)
    loss = loss_functions["bce_with_logits"](z, torch.tensor([0.0, 1.0]), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    exact_loss = math.log1p(math.exp(-10))
    assert loss.tolist() == pytest.approx([exact_loss] * 2, rel=2**-8)
    assert gradient.tolist() == pytest.approx([4.54e-5, -4.54e-5], rel=1e-2)
