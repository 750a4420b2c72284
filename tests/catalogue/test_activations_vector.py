"""Functions of vectors: values, gradients and slopes against the formula, and where one entry outweighs all."""

import mpmath as mp
import numpy as np
import pytest
import torch

from neurologist.catalogue import Activation, DeclarationError, Source, activations
from neurologist.catalogue.interval import REAL
from neurologist.catalogue.oracle import exact
from neurologist.functional import functions

VECTOR = [name for name, spec in activations.items() if spec.vector]
ROWS = [[0.3, -1.2, 2.0, 0.9], [100.0, -100.0, 99.5, 3.0], [-0.2, 0.1, 0.5, -0.7], [20.0, 1.0, -3.0, 2.5]]
PROBABILITIES = ["softmax", "softmin", "sparsemax", "entmax15", "taylor_softmax", "gumbel_softmax", "hardmax"]
EPSILONS = {torch.float64: 64, torch.float32: 64, torch.bfloat16: 1, torch.float16: 1}  # relative error allowed


def exact_gradient(name: str, row: list[float], weights: list[float]) -> list[mp.mpf]:
    """The gradient of a weighted sum of the outputs, by central differences of 250 digits."""
    step, spec = mp.mpf(10) ** -30, activations[name]

    def total(values: list[mp.mpf]) -> mp.mpf:
        given = {**spec.parameters, "x": np.array(values, dtype=object)}
        outputs = exact(spec.formula, given, digits=250)
        return sum(mp.mpf(w) * v for w, v in zip(weights, outputs, strict=True))

    with mp.workdps(300):
        found = []
        for i in range(len(row)):
            ahead, behind = ([mp.mpf(v) + (s if j == i else 0) for j, v in enumerate(row)] for s in (step, -step))
            found.append((total(ahead) - total(behind)) / (2 * step))
        return found


def assert_near(got: torch.Tensor, want: list[mp.mpf]) -> None:
    info = torch.finfo(got.dtype)
    for value, expected in zip(got.double().tolist(), want, strict=True):
        allowed = EPSILONS[got.dtype] * info.eps * abs(expected) + 2 * info.tiny
        assert abs(value - expected) <= allowed, f"{value} for {mp.nstr(expected, 12)}"


@pytest.mark.parametrize("dtype", list(EPSILONS))
@pytest.mark.parametrize("name", VECTOR)
def test_values_agree_with_the_formula(name: str, dtype: torch.dtype) -> None:
    spec = activations[name]
    for row in ROWS:
        x = torch.tensor(row).to(dtype)
        want = list(exact(spec.formula, {**spec.parameters, "x": x.double().tolist()}))
        assert_near(functions[name](x), want)
        if dtype is torch.float64:
            assert_near(torch.from_numpy(functions[name](x.numpy())), want)
    big = np.array([1e4, 1e4 - 1, 0.0, -1e4])
    assert np.isfinite(functions[name](big)).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", [name for name in VECTOR if name != "hardmax"])
def test_gradients_agree_with_the_formula(name: str, dtype: torch.dtype) -> None:
    for row in ROWS:
        x = torch.tensor(row).to(dtype).requires_grad_()
        y = functions[name](x)
        for place in range(len(y)):
            weights = [float(i == place) for i in range(len(y))]
            (got,) = torch.autograd.grad(y, x, torch.tensor(weights, dtype=dtype), retain_graph=True)
            assert_near(got, exact_gradient(name, x.detach().double().tolist(), weights))


@pytest.mark.parametrize("name", VECTOR)
def test_to_second_order_along_any_dim(name: str) -> None:
    x = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: functions[name](v, dim=0), (x,))
    assert torch.autograd.gradgradcheck(lambda v: functions[name](v, dim=0), (x,))
    moved = functions[name](x.T, dim=-1).T
    assert torch.allclose(functions[name](x, dim=0), moved)
    jacobian = torch.autograd.functional.jacobian(lambda v: functions[name](v), x.detach()[:, 0])
    slopes = jacobian.sum(0) if activations[name].widens != 1 else jacobian.diagonal()
    assert torch.allclose(functions[name].slope(x=x.detach()[:, 0]), slopes)
    assert torch.allclose(functions[name].derivative(x.detach(), dim=0)[:, 0], slopes)
    assert np.allclose(functions[name].derivative(x.detach().numpy(), dim=0)[:, 0], slopes)


@pytest.mark.parametrize("name", [name for name in VECTOR if activations[name].derivative_from_output])
def test_slope_from_the_output(name: str) -> None:
    x = torch.tensor(ROWS[0], dtype=torch.float64)
    assert torch.allclose(functions[name].slope(y=functions[name](x)), functions[name].slope(x=x))


@pytest.mark.parametrize("name", PROBABILITIES)
def test_probabilities_add_up_to_1(name: str) -> None:
    x = torch.randn(5, 7, dtype=torch.float64) * 3
    assert torch.allclose(functions[name](x).sum(-1), torch.ones(5, dtype=torch.float64))
    assert (functions[name](x) >= 0).all()


def test_a_confident_softmax_keeps_its_gradient() -> None:
    """Margin 16 in bfloat16: torch's own gradient is exactly 0."""
    x = torch.tensor([16.0, 0.0], dtype=torch.bfloat16, requires_grad=True)
    for name, scale in (("softmax", 1.0), ("log_softmax", 1.0)):
        (gradient,) = torch.autograd.grad(functions[name](x)[0], x)
        assert gradient.tolist() == pytest.approx([1.125e-07 * scale, -1.125e-07 * scale], rel=2**-7)
    assert functions["log_softmax"](x)[0].item() == pytest.approx(-1.125e-07, rel=2**-7)


def test_gumbel_softmax_draws_in_training_only() -> None:
    module, x = functions["gumbel_softmax"].module(tau=0.5), torch.zeros(2000, 3)
    drawn = module(x)
    assert drawn.std() > 0.2
    assert torch.allclose(drawn.argmax(1).bincount() / 2000, torch.full((3,), 1 / 3), atol=0.05)
    assert torch.allclose(module.eval()(x), torch.full((2000, 3), 1 / 3))


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="got vectors of 3 entries: expected an even number along dim -1"):
        functions["glu"](torch.ones(2, 3))
    with pytest.raises(ValueError, match="got vectors of 3 entries: expected an even number along dim -1"):
        functions["swiglu"](np.ones((2, 3)))
    with pytest.raises(TypeError, match="gumbel_softmax got a 'tau' that requires grad: expected a number"):
        functions["gumbel_softmax"](torch.ones(3), tau=torch.ones(1, requires_grad=True))
    with pytest.raises(DeclarationError, match="maps vectors: expected a `pullback`"):
        Activation("bad", "x / sum(x)", REAL, Source("test", 2026, "test"), vector=True)
