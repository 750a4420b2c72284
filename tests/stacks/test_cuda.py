"""On a device that runs by itself: what the host waits for, and numbers and training as they should be.

Without a GPU the waiting is counted on the "meta" device: it holds no numbers, so that whatever asks it for one fails,
but for the transfers, which are counted. All else runs on the CPU then.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import pytest
import torch
from tests.stacks.truth import differences, measured, plain_step, recorded, sgd
from torch import nn
from torch.nn import functional as F

from neurologist.selftest import unchanged
from neurologist.selftest.compare import EveryStep
from neurologist.selftest.net import batch, fit, net
from neurologist.watch.sampler import Sampler
from neurologist.watch.session import Session

CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"))
ASYNCHRONOUS = pytest.mark.parametrize("device", ["meta", CUDA])
DEVICES = pytest.mark.parametrize("device", ["cpu", CUDA])
SAMPLED = (0, 1, 4)


class Chosen(Sampler):
    """Looks at a few steps."""

    def wants(self, step):
        return "early" if step in SAMPLED else None


@contextmanager
def waits(device, monkeypatch):
    """A function that tells how often the host has waited for the device since it was last asked."""
    if device == "meta":
        seen = []
        monkeypatch.setattr(torch.Tensor, "tolist", lambda t: seen.append(t) or [0.0] * t.numel())
        yield lambda: (len(seen), seen.clear())[0]
        return
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield lambda: (sum("synchronizing" in str(warning.message) for warning in found), found.clear())[0]
        finally:
            torch.cuda.set_sync_debug_mode("default")


def deep(layers, device):
    """Layers of most kinds, and one at rest."""

    def block():
        return [nn.Linear(32, 32), nn.LayerNorm(32), nn.ReLU(), nn.Dropout(0.1), nn.GELU(), nn.BatchNorm1d(32)]

    parts = [part for _ in range(layers) for part in block()]
    frozen = nn.Linear(20, 32).requires_grad_(False)
    return nn.Sequential(frozen, nn.Sigmoid(), *parts, nn.Linear(32, 5), nn.Softmax(-1)).to(device)


class Descent(torch.optim.Optimizer):
    """Its learning rate stands on the device, as it does where steps are captured in CUDA graphs."""

    def __init__(self, model):
        device = next(model.parameters()).device
        super().__init__([p for p in model.parameters() if p.requires_grad], {"lr": torch.full((), 0.1, device=device)})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.sub_(group["lr"] * parameter.grad)


class ByHand:
    """No optimizer at all."""

    def __init__(self, model):
        self.parameters = [p for p in model.parameters() if p.requires_grad]

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        for parameter in self.parameters:
            parameter.sub_(0.1 * parameter.grad)


def waited(device, monkeypatch, layers=1, optimizer=sgd, loss=F.cross_entropy):
    """How often the host waited in each step; everything must be measured."""
    model = deep(layers, device)
    optimizer, (x, y) = optimizer(model), (part.to(device) for part in batch())
    with waits(device, monkeypatch) as since, Session(sampler=Chosen()) as session:
        counts = []
        for _ in range(max(SAMPLED) + 3):
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
            counts.append(since())
        problems = session._recorder.problems
    assert not problems
    return counts


@ASYNCHRONOUS
def test_the_host_waits_in_samples_alone_and_not_per_layer(device, monkeypatch):
    """Once for all statistics, once for the losses since the last sample, and once for the layer at rest."""
    few, many = (waited(device, monkeypatch, layers) for layers in (1, 3))
    assert few == many == [3 if step in SAMPLED else 0 for step in range(len(few))]


@ASYNCHRONOUS
def test_a_learning_rate_on_the_device_is_read_in_samples_alone(device, monkeypatch):
    counts = waited(device, monkeypatch, optimizer=Descent)
    assert counts == [4 if step in SAMPLED else 0 for step in range(len(counts))]


@ASYNCHRONOUS
def test_whether_parameters_changed_by_hand_is_asked_once_for_all_of_them(device, monkeypatch):
    few, many = (waited(device, monkeypatch, layers, ByHand) for layers in (1, 2))
    assert few == many
    assert 0 < max(few) < 5


@ASYNCHRONOUS
@pytest.mark.parametrize(
    "loss",
    [
        lambda x, y: F.mse_loss(x, y[:, None].float().expand_as(x)),
        lambda x, y: (x - y[:, None]).abs().mean(),
        lambda x, y: F.nll_loss((x + 1e-3).log(), y),
        lambda x, y: -(x.log() * (y[:, None] == torch.arange(5, device=y.device))).sum(1).mean(),
    ],
)
def test_targets_are_counted_without_waiting(device, monkeypatch, loss):
    assert waited(device, monkeypatch, loss=loss)[0] == 3


def loss_there(model):
    """Cross-entropy on the batch, on the model's device."""
    x, y = (part.to(next(model.parameters()).device) for part in batch())
    return F.cross_entropy(model(x), y)


@DEVICES
def test_training_is_unchanged(device):
    assert unchanged(lambda: fit(net().to(device), loss=loss_there))


@DEVICES
def test_numbers(device):
    model = net().to(device)
    truth, optimizer = measured(model, lambda m, o: plain_step(m, o, loss_there)), sgd(model)
    with Session(sampler=EveryStep()) as session:
        plain_step(model, optimizer, loss_there)
    found = recorded(session)
    assert session.diagnose().not_measured == ()
    assert differences(found, truth) == []
    assert found.keys() == truth.keys()


@DEVICES
def test_half_precision_and_a_step_that_is_left_out(device):
    """Numbers are those without a scaler; a scale beyond float16 leaves the step out, and that is noted."""

    def loss(model):
        with torch.autocast(device, torch.float16):
            return loss_there(model)

    def step(model, optimizer, scaler):
        optimizer.zero_grad()
        scaler.scale(loss(model)).backward()
        scaler.step(optimizer)
        scaler.update()

    model = net().to(device)
    truth, optimizer = measured(model, lambda m, o: plain_step(m, o, loss)), sgd(model)
    scales = [2.0**80, 2.0]
    with Session(sampler=EveryStep()) as session:
        for scaler in [torch.amp.GradScaler(device, init_scale=scale) for scale in scales]:
            step(model, optimizer, scaler)
    found = recorded(session, step=1)
    assert differences(found, truth, 1e-3) == []  # gradients that are scaled round otherwise in float16
    assert found.keys() == truth.keys()
    db = session._store.connection
    assert db.execute("SELECT step FROM skipped").fetchall() == [(0,)]
    assert [scale for (scale,) in db.execute("SELECT scale FROM sample ORDER BY step")] == scales
    assert session.diagnose().not_measured == ()
