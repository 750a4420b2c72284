"""Every number of the teaching pages that this project grew from, through the public names alone."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import neurologist as nl

ROWS = np.array([[-1.0, 2.0, -3.0, 4.0], [-2.0, 3.0, -3.0, 9.0]])
KINDS = [lambda x: np.array(x), lambda x: torch.tensor(x), lambda x: torch.tensor(x, dtype=torch.float64)]
X = np.linspace(-20.0, 20.0, 4001)
XOR = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
ODD_ONE = torch.tensor([[0.0], [1.0], [1.0], [0.0]])

RANGES = {
    "sigmoid": "(0, 1)",
    "tanh": "(-1, 1)",
    "relu": "[0, inf)",
    "leaky_relu": "(-inf, inf)",
    "prelu": "(-inf, inf)",
    "elu": "(-1, inf)",
    "selu": "(-1.7581, inf)",
    "softplus": "(0, inf)",
    "softmax": "(0, 1)",
}
PEAKS = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, "leaky_relu": 1.0, "elu": 1.0, "softplus": 1.0}


@pytest.mark.parametrize("name", RANGES)
def test_ranges(name):
    found = nl.activations[name].traits.range
    text = str(found) if name != "selu" else f"({found.lo:.5g}, {found.hi:g})"
    assert text == RANGES[name]


@pytest.mark.parametrize("name", PEAKS)
def test_no_slope_is_larger_than_the_peak(name):
    slopes = nl.activations[name].derivative(X)
    assert slopes.max() == pytest.approx(PEAKS[name], rel=1e-8)
    assert slopes.max() <= PEAKS[name]
    if name in ("sigmoid", "tanh"):
        assert X[slopes.argmax()] == pytest.approx(0.0, abs=1e-12)
        assert (slopes == slopes.max()).sum() == 1


def test_sigmoid_and_tanh():
    assert nl.sigmoid(0.0) == 0.5
    assert nl.tanh(0.0) == 0.0
    assert nl.sigmoid.derivative(X) == pytest.approx(nl.sigmoid(X) * (1 - nl.sigmoid(X)), abs=1e-15)
    assert nl.tanh.derivative(X) == pytest.approx(1 - nl.tanh(X) ** 2, abs=1e-15)
    assert nl.tanh(X) == pytest.approx(2 * nl.sigmoid(2 * X) - 1, abs=1e-15)
    assert not nl.sigmoid.traits.zero_centred
    assert nl.tanh.traits.zero_centred
    assert pytest.approx(9.5e-7, rel=0.01) == 0.25**10  # what ten layers of sigmoids leave at most


@pytest.mark.parametrize("kind", KINDS)
def test_softmax_of_two_rows(kind):
    found = np.asarray(nl.softmax(kind(ROWS.tolist())))
    printed = [["0.0059", "0.1184", "0.0008", "0.8749"], ["0.0000", "0.0025", "0.0000", "0.9975"]]
    assert [[f"{entry:.4f}" for entry in row] for row in found] == printed
    assert found.sum(-1) == pytest.approx([1.0, 1.0], rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shift", [1.0, -7.0, 1000.0, 1e4, -1e4])
def test_softmax_is_unchanged_by_a_shift_and_finite_far_out(kind, shift):
    # Whole numbers, so that the shifted scores are exact; float32 has them up to 16 million.
    shifted, plain = (np.asarray(nl.softmax(kind((ROWS + by).tolist()))) for by in (shift, 0.0))
    assert np.isfinite(shifted).all()
    assert shifted.tolist() == plain.tolist()
    e = math.exp(-1)
    found = np.asarray(nl.softmax(kind([shift, shift - 1.0, shift - 1e4])))
    assert found.tolist() == pytest.approx([1 / (1 + e), e / (1 + e), 0.0], rel=1e-6)
    logarithm = np.asarray(nl.log_softmax(kind([shift, shift - 1.0, shift - 1e4])))
    rest = -math.log1p(e)
    assert logarithm.tolist() == pytest.approx([rest, rest - 1, rest - 1e4], rel=1e-6)


@pytest.mark.parametrize("scale", [1e4, -1e4])
def test_softmax_learns_at_large_scores(scale):
    x = torch.tensor([[scale, scale + 1.0]], requires_grad=True)
    nl.losses["cross_entropy"](x, torch.tensor([0])).backward()
    p = 1 / (1 + math.exp(-1))
    assert x.grad.tolist() == [pytest.approx([-p, p], rel=1e-6)]


def test_relu_and_its_relatives():
    x = np.array([-100.0, -2.0, -0.5, 0.0, 0.5, 3.0])
    assert nl.relu(x).tolist() == [0.0, 0.0, 0.0, 0.0, 0.5, 3.0]
    assert nl.relu.derivative(x).tolist() == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    assert nl.leaky_relu(x).tolist() == [-1.0, -0.02, -0.005, 0.0, 0.5, 3.0]
    assert nl.leaky_relu.derivative(x).tolist() == [0.01, 0.01, 0.01, 0.01, 1.0, 1.0]
    assert nl.elu(x) == pytest.approx([-1.0, math.exp(-2) - 1, math.exp(-0.5) - 1, 0.0, 0.5, 3.0], rel=1e-15)
    assert nl.elu.derivative(x) == pytest.approx([math.exp(-100), math.exp(-2), math.exp(-0.5), 1.0, 1.0, 1.0])
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    negative = [scale * alpha * math.expm1(v) for v in x[:3]]
    assert nl.selu(x) == pytest.approx([*negative, 0.0, scale * 0.5, scale * 3.0], rel=1e-14)
    assert nl.selu.gain == pytest.approx(1.0, abs=1e-9)


def test_prelu_learns_one_slope_or_one_per_channel():
    wanted = torch.tensor([0.3, -0.1, 0.9])
    x = torch.linspace(-3, 3, 41).repeat(3, 1).T.contiguous()
    for start, target in ((0.25, wanted[0]), ([0.25] * 3, wanted)):
        module = nl.prelu.module(weight=start)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.5 if isinstance(start, list) else 0.2)
        for _ in range(80):
            optimizer.zero_grad()
            (module(x) - torch.where(x > 0, x, target * x)).square().mean().backward()
            optimizer.step()
        assert torch.allclose(module.weight.detach(), target.reshape(-1), atol=1e-3)


def test_rrelu_draws_in_training_and_not_in_evaluation():
    module, x = nl.rrelu.module(), torch.full((4000,), -1.0)
    drawn = -module(x)
    assert 1 / 8 <= drawn.min() < drawn.max() <= 1 / 3
    assert drawn.mean().item() == pytest.approx((1 / 8 + 1 / 3) / 2, abs=0.01)
    assert not torch.equal(module(x), module(x))
    assert torch.equal(module.eval()(x), module(x))
    assert module(x[:1]).item() == pytest.approx(-(1 / 8 + 1 / 3) / 2)
    assert torch.equal(module.train()(-x), -x)  # nothing is drawn above 0


def test_a_deep_linear_network_is_one_matrix_and_an_activation_makes_it_more():
    torch.manual_seed(0)
    layers = [nn.Linear(6, 6, bias=False, dtype=torch.float64) for _ in range(8)]
    x = torch.randn(40, 6, dtype=torch.float64)
    matrix = torch.linalg.multi_dot([layer.weight for layer in reversed(layers)])
    assert torch.allclose(nn.Sequential(*layers)(x), x @ matrix.T, atol=1e-12)
    between = [nl.tanh.module()] * 8
    bent = nn.Sequential(*(part for pair in zip(layers, between, strict=True) for part in pair))(10 * x)
    fitted = x @ torch.linalg.lstsq(x, bent).solution
    assert (bent - fitted).norm() > 0.01 * bent.norm()


def train(model, steps=400):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        nl.losses["bce_with_logits"](model(XOR), ODD_ONE).backward()
        optimizer.step()
    right = ((model(XOR) > 0) == (ODD_ONE > 0.5)).sum().item()
    return right, nl.losses["bce_with_logits"](model(XOR), ODD_ONE).item()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"])
def test_xor_is_learnt_with_an_activation(name):
    torch.manual_seed(1)
    right, loss = train(nn.Sequential(nn.Linear(2, 16), nl.activations[name].module(), nn.Linear(16, 1)), 600)
    assert right == 4
    assert loss < 0.1


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_xor_is_not_learnt_without_one(depth):
    torch.manual_seed(1)
    sizes = [2, *[16] * (depth - 1), 1]
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    right, loss = train(nn.Sequential(*layers))
    assert right < 4
    assert loss >= math.log(2) - 1e-6  # the least that any linear function can reach: always saying one half
    # So it is with squared errors: the best line through the four points is the constant 1/2.
    best = torch.linalg.lstsq(torch.cat([XOR, torch.ones(4, 1)], 1), ODD_ONE).solution
    assert best.flatten().tolist() == pytest.approx([0.0, 0.0, 0.5], abs=1e-6)


def test_squared_errors():
    predictions, targets = [2.5, 0.0, 2.0, 8.0], [3.0, -0.5, 2.0, 7.0]
    for kind in KINDS:
        p, t = kind(predictions), kind(targets)
        assert float(nl.losses["mse"](p, t)) == 0.375
        assert float(nl.losses["mse"](p, t, reduction="sum")) == 1.5
        assert np.asarray(nl.losses["mse"](p, t, reduction="none")).tolist() == [0.25, 0.25, 0.0, 1.0]
    p = torch.tensor(predictions, requires_grad=True)
    nl.losses["mse"](p, torch.tensor(targets)).backward()
    assert p.grad.tolist() == [-0.25, 0.25, 0.0, 0.5]  # 2 (p - t) / 4


def test_cross_entropies():
    assert nl.losses["cross_entropy"](np.zeros((4, 10)), np.arange(4)) == pytest.approx(math.log(10))
    x = torch.tensor(ROWS, requires_grad=True)
    each = nl.losses["cross_entropy"](x, torch.tensor([3, 1]), reduction="none")
    p = nl.softmax(x.detach())
    assert torch.allclose(each, -torch.log(torch.stack([p[0, 3], p[1, 1]])))
    each.sum().backward()
    assert torch.allclose(x.grad, p - nn.functional.one_hot(torch.tensor([3, 1]), 4))  # y - t
    assert nl.losses["cross_entropy"].derivation.steps[-1].text == "dL/dz_i = p - y"
    assert nl.losses["bce"](0.5, 1.0) == pytest.approx(math.log(2))
    assert nl.losses["bce"](0.9, 1.0) == pytest.approx(-math.log(0.9))
    assert nl.losses["bce_with_logits"](0.0, 0.0) == pytest.approx(math.log(2))
