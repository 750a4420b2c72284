"""Faults of half precision: each named first, alone, at its line."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import numbers
from neurologist.watch.session import watch

from .programs import Programs, assert_named_first, batches

FAULTS = Programs()
fault = FAULTS.fault


def half():
    return torch.autocast("cpu", dtype=torch.float16)


@pytest.mark.parametrize(("program", "rule", "cause", "says"), FAULTS)
def test_fault_is_named_first(program, rule, cause, says):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:  # the machine's speed must not matter
        program()
    assert_named_first(session.diagnose(), program, rule, cause, says)


@fault("half-precision-overflow", "half_precision_overflow", "result")
def scores_that_grow_past_the_end():
    """A scale that suits single precision, in front of the layer that sums."""
    hidden, out = nn.Sequential(nn.Linear(20, 256), nn.Tanh()), nn.Linear(256, 256, bias=False)
    head = nn.Linear(256, 5)
    parts = nn.ModuleList([hidden, out, head])
    nn.init.constant_(out.weight, 0.5)
    with torch.no_grad():
        out.weight += 0.1 * torch.randn(256, 256)
    optimizer = torch.optim.Adam(parts.parameters(), lr=0.003)
    for x, y in batches(12):
        optimizer.zero_grad()
        with half():
            wide = out(6e3 * hidden(x))  # <- fault
            scores = head(F.gelu(wide / 6e3))
        (256 * F.cross_entropy(scores.float(), y)).backward()
        for parameter in parts.parameters():
            parameter.grad /= 256
        optimizer.step()


@fault("half-precision-overflow", "half_precision_overflow", "gradient")
def a_loss_scale_by_hand_that_is_too_large():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches(12):
        optimizer.zero_grad()
        with half():
            scores = model(x)
        (2.0**24 * F.cross_entropy(scores.float(), y)).backward()
        for parameter in model.parameters():
            parameter.grad /= 2.0**24
        optimizer.step()


@fault("half-precision-underflow", "half_precision_underflow", "float16")
def adam_with_float16_weights():
    """Its eps of 1e-8 is 0 in float16, and so are the squares of gradients."""
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5)).half()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.005)  # <- fault
    for x, y in batches(12):
        optimizer.zero_grad()
        F.cross_entropy(model(x.half()).float(), y).backward()
        optimizer.step()


@fault("half-precision-underflow", "half_precision_underflow", "Gradients are lost in float16")
def a_mean_over_many_entries_without_a_scale():
    """The mean over 64 x 2,048 entries divides each gradient by 131,072, and a weight on the loss takes the rest."""
    model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2048))
    spread = torch.randn(1, 2048, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches(12, numbers):
        optimizer.zero_grad()
        with half():
            out = model(x)
        F.mse_loss(out.float(), y * spread).mul(0.002).backward()
        optimizer.step()
