"""What theory predicts of the gradient's way back agrees with what is measured where its premises hold, and tells
who is off where they do not."""

import pytest
import torch
from torch import nn

from neurologist.catalogue import activations
from neurologist.diagnose.expected import OFF, _of_activation
from neurologist.specimens import vanishing_gradient
from neurologist.theory.gain import gain
from neurologist.watch.session import watch

DEPTH, WIDTH, ROWS = 8, 256, 256


def diagnosed(activation, scale=1.0, steps=1, layer=None):
    """A stack at which each preactivation has variance `scale` squared, after so many steps."""
    torch.manual_seed(0)
    layers = [nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(DEPTH)]
    for i, linear in enumerate(layers):
        size = 1.0 if i == 0 else gain(activation)
        nn.init.normal_(linear.weight, std=(scale if layer in (None, i) else 1.0) * size / WIDTH**0.5)
    stack = [part for linear in layers for part in (linear, getattr(nn, ACTIVATIONS[activation])())]
    model, x = nn.Sequential(*stack[:-1]), torch.randn(ROWS, WIDTH)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)
    with watch(budget=1.0) as session:
        for _ in range(steps):
            optimizer.zero_grad()
            (model(x) * torch.randn(ROWS, WIDTH)).sum().backward()
            optimizer.step()
    return session.diagnose()


ACTIVATIONS = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "silu": "SiLU", "elu": "ELU", "gelu": "GELU"}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_measured_and_predicted_agree_where_signals_have_unit_size(activation):
    bars = [bar for bar in diagnosed(activation).waterfall.bars if None not in (bar.expected, bar.decades)]
    assert len(bars) == 2 * DEPTH - 2
    assert {bar.kind for bar in bars} == {"linear", "activation"}
    for bar in bars:
        assert bar.expected == pytest.approx(bar.decades, abs=0.12), bar.label
    assert sum(bar.expected for bar in bars) == pytest.approx(sum(bar.decades for bar in bars), abs=0.25)


def test_layers_are_predicted_per_entry_whatever_their_shape():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 5, padding=2, groups=4), nn.Flatten(),
        nn.Linear(32 * 16 * 16, 40), nn.Linear(40, 7),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)
    with watch(budget=1.0) as session:
        (model(torch.randn(32, 3, 16, 16)) * torch.randn(32, 7)).sum().backward()
        optimizer.step()
    bars = [bar for bar in session.diagnose().waterfall.bars if bar.kind in ("conv", "linear") and bar.decades]
    assert len(bars) == 3
    for bar in bars:
        assert bar.expected == pytest.approx(bar.decades, abs=0.1), bar.label


def test_the_activation_whose_inputs_are_too_large_is_told_from_the_others():
    bars = [bar for bar in diagnosed("tanh", scale=100.0, layer=4).waterfall.bars if bar.kind == "activation"]
    off = [bar.label for bar in bars if abs(bar.expected - bar.decades) > OFF]
    assert off == ["tanh model.9"]


def test_a_vanishing_gradient_is_held_against_theory():
    with watch(budget=1.0) as session:
        vanishing_gradient.sick()
    finding = session.diagnose().findings[0]
    assert finding.rule == "vanishing-gradient"
    (both,) = [e for e in finding.evidence if e.expected.endswith("by theory") and "ops" in e.name]
    assert both.value == pytest.approx(float(both.expected.split()[0]), rel=0.15)


def test_every_activation_of_numbers_has_a_figure_or_none():
    got = {name: _of_activation(name) for name in activations}
    assert all(got[name] is None for name in activations if activations[name].vector)
    assert sum(value is not None for value in got.values()) >= 90
