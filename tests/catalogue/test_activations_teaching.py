"""What the teaching pages say of activation functions, run: their numbers, and why a network needs them."""

import math

import mpmath as mp
import numpy as np
import pytest
import torch
from torch import nn

from neurologist.catalogue import activations
from neurologist.catalogue.oracle import exact
from neurologist.functional import functions
from neurologist.theory import traits
from neurologist.theory.numeric import branch_points

ROWS = [[-1.0, 2.0, -3.0, 4.0], [-2.0, 3.0, -3.0, 9.0]]


def test_softmax_is_unchanged_by_a_shift_and_finite_for_large_scores() -> None:
    x = torch.tensor(ROWS)
    assert torch.allclose(functions["softmax"](x), functions["softmax"](x + 5.0))
    for scale in (1e4, -1e4):
        assert functions["softmax"](torch.tensor([scale, 0.0, scale + 1])).isfinite().all()
        assert functions["log_softmax"](torch.tensor([scale, 0.0, scale + 1])).isfinite().all()


def test_peaks_and_ranges() -> None:
    sigmoid, tanh = traits(activations["sigmoid"]), traits(activations["tanh"])
    assert (sigmoid.lipschitz, sigmoid.lipschitz_at) == (0.25, 0.0)
    assert (tanh.lipschitz, tanh.lipschitz_at) == (1.0, 0.0)
    assert (str(sigmoid.range), str(tanh.range)) == ("(0, 1)", "(-1, 1)")
    assert (sigmoid.zero_centred, tanh.zero_centred) == (False, True)
    assert str(traits(activations["relu"]).range) == "[0, inf)"
    assert sigmoid.lipschitz**10 == pytest.approx(9.5e-7, rel=0.01)  # through ten layers, at most


def test_leaky_relu_and_its_relatives() -> None:
    x = np.array([-2.0, -0.5, 3.0])
    assert functions["leaky_relu"](x).tolist() == [-0.02, -0.005, 3.0]
    assert functions["elu"](-1.0) == pytest.approx(math.exp(-1) - 1)
    assert functions["elu"](-50.0, alpha=2.0) == pytest.approx(-2.0)
    assert functions["selu"](1.0) == pytest.approx(1.0507009873554805)
    assert functions["selu"](-100.0) == pytest.approx(-1.7580993408473766)


def test_selu_keeps_mean_0_and_variance_1() -> None:
    found = traits(activations["selu"])
    assert found.mean == pytest.approx(0.0, abs=1e-9)
    assert found.gain == pytest.approx(1.0, abs=1e-9)


def test_prelu_learns_its_slope() -> None:
    """Data with slope 0.3 below 0: gradient descent on the weight alone finds it."""
    module = functions["prelu"].module()
    x = torch.linspace(-3, 3, 61)
    target = torch.where(x > 0, x, 0.3 * x)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.2)
    for _ in range(60):
        optimizer.zero_grad()
        (module(x) - target).square().mean().backward()
        optimizer.step()
    assert module.weight.item() == pytest.approx(0.3, abs=1e-3)


def test_rrelu_has_two_modes() -> None:
    module, x = functions["rrelu"].module(), torch.full((1000,), -1.0)
    assert module(x).unique().numel() > 900
    assert module.eval()(x).unique().tolist() == pytest.approx([-(1 / 8 + 1 / 3) / 2])


def test_a_deep_linear_network_is_one_matrix() -> None:
    layers = [nn.Linear(6, 6, dtype=torch.float64) for _ in range(5)]
    deep, x = nn.Sequential(*layers), torch.randn(10, 6, dtype=torch.float64)
    matrix, shift = torch.eye(6, dtype=torch.float64), torch.zeros(6, dtype=torch.float64)
    for layer in layers:
        matrix, shift = layer.weight @ matrix, layer.weight @ shift + layer.bias
    assert torch.allclose(deep(x), x @ matrix.T + shift)


@pytest.mark.parametrize(("name", "learnt"), [("tanh", True), ("relu", True), ("gelu", True), ("identity", False)])
def test_xor_needs_an_activation(name: str, learnt: bool) -> None:
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    target = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = nn.Sequential(nn.Linear(2, 8), functions[name].module(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(x), target).backward()
        optimizer.step()
    right = ((model(x) > 0) == (target > 0.5)).all().item()
    assert right == learnt


@pytest.mark.parametrize("name", [name for name, spec in activations.items() if not spec.vector])
def test_second_derivatives(name: str) -> None:
    function, spec = functions[name], activations[name]
    kinks = branch_points(spec, spec.parameters)
    points = [x for x in (-6.3, -2.3, -0.7, 0.2, 1.6, 3.4) if all(abs(x - kink) > 1e-3 for kink in kinks)]
    for x in points:
        with mp.workdps(60):
            given = {**spec.parameters, "x": 0}
            want = mp.diff(lambda v: exact(spec.formula_derivative, {**given, "x": v}), mp.mpf(x), h=mp.mpf(10) ** -20)  # noqa: B023
        assert function.derivative(x, order=2) == pytest.approx(float(want), rel=1e-9, abs=1e-14)
        tensor = torch.tensor([x], dtype=torch.float64)
        assert function.derivative(tensor, order=2).item() == pytest.approx(float(want), rel=1e-9, abs=1e-14)


def test_second_derivative_of_a_vector_function_is_refused() -> None:
    with pytest.raises(ValueError, match="softmax got order=2: expected 1"):
        functions["softmax"].derivative(torch.ones(3), order=2)


def test_curvature_and_convexity() -> None:
    found = {
        n: traits(activations[n]) for n in ("sigmoid", "tanh", "softplus", "logsigmoid", "relu", "threshold", "square")
    }
    assert found["sigmoid"].curvature == pytest.approx(1 / (6 * math.sqrt(3)), rel=1e-5)
    assert found["tanh"].curvature == pytest.approx(4 / (3 * math.sqrt(3)), rel=1e-5)
    assert found["relu"].curvature == math.inf
    assert [n for n, t in found.items() if t.convex] == ["softplus", "relu", "square"]
    assert [n for n, t in found.items() if t.concave] == ["logsigmoid"]


@pytest.mark.parametrize("name", [name for name, spec in activations.items() if spec.learnable])
def test_parameters_are_learnt_by_their_exact_gradient(name: str) -> None:
    spec, function = activations[name], functions[name]
    x = torch.tensor([-2.7, -1.3, -0.4, 0.3, 0.8, 1.9], dtype=torch.float64)
    start = [torch.tensor([spec.parameters[n] + 0.013], dtype=torch.float64) for n in spec.learnable]
    inputs = [value.requires_grad_() for value in start]
    assert torch.autograd.gradcheck(lambda *p: function(x, **dict(zip(spec.learnable, p, strict=True))), inputs)
