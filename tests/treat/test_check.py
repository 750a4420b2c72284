"""`nl.check`: one batch examined before training, and everything put back as it was."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import neurologist as nl
from neurologist.watch import shelf


def network(last=None):
    torch.manual_seed(0)
    layers = [nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3)]
    return nn.Sequential(*layers, *([last] if last is not None else []))


def batch():
    return torch.randn(32, 6), torch.arange(32) % 3


def state(model, optimizer=None):
    """Everything that a step may change, as bytes and plain numbers."""
    tensors = [*model.parameters(), *model.buffers(), torch.get_rng_state()]
    tensors += [p.grad for p in model.parameters() if p.grad is not None]
    if optimizer is not None:
        slots = [slot for of in optimizer.state.values() for slot in of.values()]
        tensors += [slot for slot in slots if isinstance(slot, torch.Tensor)]
    plain = (model.training, random.getstate(), np.random.get_state()[1].tobytes(), np.random.get_state()[2])
    return [tensor.detach().numpy().tobytes() for tensor in tensors], plain


def test_a_second_softmax_is_found_on_one_batch():
    diagnosis = nl.check(network(nn.Softmax(dim=1)), F.cross_entropy, batch())
    assert isinstance(diagnosis, nl.Diagnosis)
    assert diagnosis.findings[0].cause == "double_softmax"
    assert diagnosis.findings[0].origin.module


def test_a_network_without_fault_has_no_finding():
    found = nl.check(network(), F.cross_entropy, batch(), None).findings
    assert [finding.rule for finding in found if finding.severity != "info"] == []


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.AdamW], ids=lambda make: make.__name__)
def test_everything_is_put_back(make):
    model, given = network(), batch()
    optimizer = make(model.parameters(), lr=0.1)
    F.cross_entropy(model(given[0]), given[1]).backward()
    optimizer.step()  # so that there are gradients, running means and slots to put back
    before = state(model, optimizer)
    nl.check(model, F.cross_entropy, given, optimizer)
    assert state(model, optimizer) == before


def test_everything_is_put_back_after_an_error():
    model, given = network(), batch()
    before = state(model)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        nl.check(model, F.cross_entropy, (given[0][:, :5], given[1]))
    with pytest.raises(ZeroDivisionError):
        nl.check(model, lambda output, target: 1 / 0, given)
    assert state(model) == before
    assert all(p.grad is None for p in model.parameters())


def test_several_inputs_stand_before_the_target():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 1)

        def forward(self, a, b):
            return self.layer(torch.cat([a, b], 1))

    target = torch.randn(16, 1)
    found = nl.check(Two(), F.mse_loss, (torch.randn(16, 3), torch.randn(16, 5), target))
    assert isinstance(found, nl.Diagnosis)


def test_a_batch_without_target_is_refused():
    with pytest.raises(ValueError, match=r"batch needs inputs and a target, got 1 element\(s\): pass \(x, y\)"):
        nl.check(network(), F.cross_entropy, (torch.ones(2, 6),))


def test_the_step_begins_without_gradients_and_they_come_back(monkeypatch):
    monkeypatch.setattr(shelf, "LARGE", 1)
    model, given = nn.Sequential(*(nn.Linear(6, 6) for _ in range(4))), (torch.randn(8, 6), torch.arange(8) % 6)
    F.cross_entropy(model(given[0]), given[1]).backward()
    first, second, third, last = (layer.weight for layer in model)
    row, array = second.grad[0], third.grad.numpy()  # others that see the gradient's memory
    known = {p: (p.grad, p.grad.clone()) for p in model.parameters()}
    during = {}

    def loss_fn(output, target):
        during.update(none=first.grad is None, freed=known[first][0].numel(), zero=second.grad is known[second][0])
        assert not row.any()
        assert not array.any()
        return F.cross_entropy(model[0](given[0]) + output.detach(), target)  # it reaches the first layer alone

    class Seen(torch.optim.SGD):
        def step(self):
            during["last"] = torch.equal(last.grad, known[last][1])
            return super().step()

    nl.check(model, loss_fn, given, Seen(model.parameters(), lr=0.1))
    assert during == {"none": True, "freed": 0, "zero": True, "last": True}
    assert all(p.grad is gradient and torch.equal(gradient, entries) for p, (gradient, entries) in known.items())
    assert torch.equal(row, known[second][1][0])
    assert (array == known[third][1].numpy()).all()
    assert row.data_ptr() == second.grad.data_ptr()


def test_gradients_come_back_after_an_error_in_mid_backward():
    model, given = network(), batch()
    F.cross_entropy(model(given[0]), given[1]).backward()
    before = state(model)
    handle = model[0].weight.register_hook(lambda gradient: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        nl.check(model, F.cross_entropy, given)
    handle.remove()
    assert state(model) == before
