"""At the edges of every dtype: values and slopes that exist are found, and only those that do not are infinite or 0."""

import mpmath as mp
import pytest
import torch

from neurologist.catalogue import activations
from neurologist.catalogue.oracle import exact
from neurologist.functional import functions
from neurologist.theory.numeric import branch_points

SCALAR = [name for name, spec in activations.items() if not spec.vector]
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
ALLOWED = 256  # units of the dtype's epsilon, as in the sweep of ordinary inputs


def edges(name: str, dtype: torch.dtype) -> torch.Tensor:
    info, spec = torch.finfo(dtype), activations[name]
    small, large = [0.0, info.smallest_normal / 2, info.tiny, info.eps], [1e4, info.max / 2, info.max]
    sizes = [*small, 88.0, 90.4, 104.0, 712.0, 750.0, *large]
    x = torch.tensor([side * size for size in sizes for side in (1, -1)], dtype=torch.float64).to(dtype)
    kinks = branch_points(spec, spec.parameters)
    return torch.stack([v for v in x if all(v.item() != kink for kink in kinks)])


def assert_representable(got: torch.Tensor, formula: str, x: torch.Tensor, name: str) -> None:
    info = torch.finfo(got.dtype)
    for value, at in zip(got.double().tolist(), x.double().tolist(), strict=True):
        want = exact(formula, {**activations[name].parameters, "x": at})
        if abs(want) >= info.max * (1 - info.eps):
            assert abs(value) >= info.max * 0.99, f"at {at}: {value} for {mp.nstr(want, 10)}"
            assert value * mp.sign(want) > 0
        else:
            close = abs(value - want) <= ALLOWED * info.eps * abs(want) + 2 * info.tiny
            assert close, f"at {at}: {value} for {mp.nstr(want, 10)}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SCALAR)
def test_what_is_representable_is_found(name: str, dtype: torch.dtype) -> None:
    spec, x = activations[name], edges(name, dtype).requires_grad_()
    y = functions[name](x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert_representable(y.detach(), spec.formula, x.detach(), name)
    assert_representable(gradient, spec.formula_derivative, x.detach(), name)
    assert_representable(functions[name].derivative(x.detach()), spec.formula_derivative, x.detach(), name)


def test_at_a_knot_a_straight_line_has_its_slope() -> None:
    knots = torch.arange(-3.0, 4.0, requires_grad=True)
    (slope,) = torch.autograd.grad(functions["pwlu"](knots).sum(), knots)
    assert slope.tolist() == functions["relu"].derivative(knots.detach()).tolist()  # as which it starts
