"""What random programs brought to light, each as a small program: unseen by the user, and measured or left in peace."""

import warnings
from contextlib import contextmanager

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

import neurologist as nl

STEPS = 4


@contextmanager
def every_warning():
    """Warnings every time, also those that torch gives once per process."""
    warnings.simplefilter("always")
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


def fit(loss_of, *layers):
    """The plain loop; losses, the model and its optimizer."""
    model = nn.Sequential(*layers)
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        losses.append(loss_of(model))
        losses[-1].backward()
        optimizer.step()
    return losses, model, optimizer


def batch_without_rows():
    return fit(lambda m: F.mse_loss(m(torch.zeros(0, 4)), torch.zeros(0, 3)), nn.Linear(4, 3), nn.Sigmoid())


def layer_without_units():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element")  # torch's own, to the user
        layers = nn.Linear(4, 0), nn.Linear(0, 3)
    return fit(lambda m: F.l1_loss(m(torch.randn(5, 4)), torch.zeros(5, 3)), *layers)


def penalty_on_a_sparse_gradient():
    def loss_of(model):
        loss = model(torch.tensor([1, 2])).square().mean()
        (slope,) = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
        return loss + (slope.abs() ** 2).sum()

    embedding = nn.Embedding(10, 4, sparse=True)
    optimizer, losses = torch.optim.SparseAdam(list(embedding.parameters())), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        losses.append(loss_of(embedding))
        losses[-1].backward()
        optimizer.step()
    return losses, embedding


def complex_predictions():
    def loss_of(model):
        out = model(torch.randn(5, 4, dtype=torch.complex64))
        return ((out - 1) * (out - 1).conj()).abs().mean() + out.exp().abs().mean()

    return fit(loss_of, nn.Linear(4, 3, dtype=torch.complex64))


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        return 2 * gradient


def saved_numbers_under_a_dispatch_mode():
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        return fit(lambda m: (1 * m(torch.randn(5, 4)) / 2).square().mean(), nn.Linear(4, 3), nn.Tanh())


@pytest.mark.parametrize(
    "program",
    [
        batch_without_rows,
        layer_without_units,
        penalty_on_a_sparse_gradient,
        complex_predictions,
        saved_numbers_under_a_dispatch_mode,
    ],
    ids=lambda f: f.__name__,
)
def test_it_is_measured_and_left_alone(unharmed, program):
    unharmed(program)


@pytest.mark.filterwarnings("ignore:.*create_graph=True")  # torch's own, to the user
def test_numbers_for_nodes_without_a_place_in_the_order(every_step):
    """Through a gradient whose own backward has no second derivative."""

    def loss_of(model):
        Once.apply(model(torch.randn(5, 4))).square().mean().backward(create_graph=True)
        return model[0].weight.grad.square().sum()

    with nl.watch() as session, pytest.raises(RuntimeError, match="once_differentiable"):
        fit(loss_of, nn.Linear(4, 3))
    assert session.samples == 1
    assert session.diagnose().not_measured == ()


def test_complex_losses_fail_as_they_would(every_step):
    def loss_of(model):
        return F.poisson_nll_loss(model(torch.randn(5, 4, dtype=torch.complex64)), torch.rand(5, 3))

    real = pytest.raises(RuntimeError, match="real scalar outputs")
    with warnings.catch_warnings(record=True) as caught, every_warning(), nl.watch() as session, real:
        fit(loss_of, nn.Linear(4, 3, dtype=torch.complex64), nn.Tanh())
    assert caught == []
    assert session.diagnose().not_measured == ()


class Calls(TorchFunctionMode):
    def __init__(self):
        self.count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


def operations():
    with FlopCounterMode(display=False) as counter:
        fit(lambda m: (2 * m(torch.randn(5, 4))).square().mean(), nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    return counter.get_total_flops()


def calls():
    with Calls() as counter:
        fit(lambda m: (2 * m(torch.randn(5, 4))).square().mean(), nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    return counter.count


@pytest.mark.parametrize("count", [operations, calls])
def test_modes_of_the_user_see_the_user_alone(every_step, count):
    plain = count()
    with nl.watch() as session:
        assert count() == plain
    assert session.samples == STEPS
    assert session.diagnose().not_measured == ()


@pytest.mark.parametrize("check_nan", [True, False])
@pytest.mark.parametrize("block", [torch.autograd.detect_anomaly, lambda c: torch.autograd.set_detect_anomaly(True, c)])
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_anomaly_blocks_of_the_user_end_with_the_block(every_step, check_nan, block):
    seen = []

    def loss_of(model):
        with block(check_nan):
            loss = model(torch.randn(5, 4)).square().mean()
            seen.append((torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()))
            torch.autograd.backward(2 * loss)
        seen.append((torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()))
        return loss.detach() + model(torch.randn(5, 4)).sum()

    with nl.watch():
        fit(loss_of, nn.Linear(4, 3))
        seen.append((torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()))
    assert set(seen[:-1:2]) == {(True, check_nan)}
    assert set(seen[1:-1:2]) == {(False, True)}
    assert (torch._C.is_anomaly_enabled(), torch._C.is_anomaly_check_nan_enabled()) == (False, True)


def test_an_error_in_grad_comes_without_a_warning_of_ours(every_step):
    def loss_of(model):
        loss = model(torch.randn(5, 4)).square().mean()
        torch.autograd.grad(loss, list(model.parameters()))
        torch.autograd.grad(loss, list(model.parameters()), create_graph=True)  # freed: raises
        return loss

    freed = pytest.raises(RuntimeError, match="second time")
    with warnings.catch_warnings(record=True) as caught, every_warning(), nl.watch(), freed:
        fit(loss_of, nn.Linear(4, 3))
    assert caught == []


def test_lines_of_a_second_derivative(every_step):
    def loss_of(model):
        x = torch.randn(5, 4, requires_grad=True)
        out = model(x).exp().sum()
        (slope,) = torch.autograd.grad(out, x, create_graph=True)
        return slope.square().mean()

    with nl.watch() as session:
        fit(loss_of, nn.Linear(4, 3))
    way = session.diagnose().waterfall
    codes = {bar.origin.code for bar in way.bars}
    assert "(slope,) = torch.autograd.grad(out, x, create_graph=True)" in codes
