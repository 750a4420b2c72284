"""Healthy programs whose training looks sick at a glance: no error, no warning, and the named rule says nothing."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import blobs, classes, numbers, stripes
from neurologist.watch.session import watch

PROGRAMS: list = []


def healthy(*silent: str) -> Callable:
    """A healthy program, and rules that must not even be mentioned."""

    def add(program):
        PROGRAMS.append(pytest.param(program, silent, id=program.__name__))
        return program

    return add


def fit(model, loss_fn, x, y, optimizer=None, passes=20, batch=64):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(passes):
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            loss_fn(model(x[rows]), y[rows]).backward()
            optimizer.step()


@pytest.mark.parametrize(("program", "silent"), PROGRAMS)
def test_no_alarm(program, silent):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:
        program()
    found = session.diagnose().findings
    assert [(f.rule, f.message) for f in found if f.severity != "info" or f.rule in silent] == []


@healthy("unrelated-labels")
def half_of_the_labels_at_random():
    """There is something to learn, though most of the loss stays."""
    x, y = classes(rows=4096)
    y = torch.where(torch.rand(len(y)) < 0.5, torch.randint(5, y.shape), y)
    fit(nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5)), nn.CrossEntropyLoss(), x, y, passes=8)


@healthy("unrelated-labels")
def noise_of_the_size_of_the_signal():
    x, y = numbers(rows=4096)
    fit(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)), nn.MSELoss(), x, y + torch.randn(y.shape))


@healthy("too-much-dropout")
def dropout_of_a_half_in_two_wide_layers():
    layers = [nn.Linear(20, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.5)]
    fit(nn.Sequential(*layers, nn.Linear(256, 5)), nn.CrossEntropyLoss(), *classes(rows=2048))


@healthy()
def a_denoising_autoencoder_that_hides_most_of_its_input():
    x = stripes()[0].flatten(1)
    model = nn.Sequential(nn.Dropout(0.8), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64))
    fit(model, nn.MSELoss(), x, x, passes=40)


@healthy("constant-input")
def a_learnt_constant_as_the_only_input():
    """A fit of a few numbers, with no network at all behind them."""
    x, _ = numbers()
    layer = nn.Linear(8, 1)
    fit(layer, nn.MSELoss(), x, x @ torch.randn(8, 1), torch.optim.Adam(layer.parameters(), lr=0.02), passes=40)


@healthy("constant-input", "hidden-softmax")
def a_mixture_of_experts():
    gate, experts = nn.Linear(8, 4), nn.Linear(8, 4 * 16)
    out = nn.Linear(16, 1)

    def model(rows):
        shares = torch.softmax(gate(rows), -1)
        return out((shares.unsqueeze(-1) * experts(rows).view(-1, 4, 16).relu()).sum(1))

    parameters = [*gate.parameters(), *experts.parameters(), *out.parameters()]
    fit(model, F.mse_loss, *numbers(), torch.optim.Adam(parameters, lr=0.01))


@healthy("hidden-softmax")
def attention():
    torch.manual_seed(1)
    x = torch.randn(512, 6, 16)
    y = (x[:, :, 0].mean(1) > 0).long()
    into, out = nn.Linear(16, 48), nn.Linear(16, 2)

    def model(rows):
        query, key, value = into(rows).chunk(3, -1)
        return out((rows + torch.softmax(query @ key.transpose(1, 2) / 4, -1) @ value).mean(1))

    fit(model, F.cross_entropy, x, y, torch.optim.Adam([*into.parameters(), *out.parameters()], lr=0.005), passes=30)


@healthy("rank-collapse")
def a_deep_network_with_a_residual_stream():
    x, y = classes()
    layers = nn.ModuleList(nn.Linear(20, 20) for _ in range(16))
    out = nn.Linear(20, 5)

    def model(rows):
        for layer in layers:
            rows = rows + 0.25 * torch.tanh(layer(rows))
        return out(rows)

    fit(model, F.cross_entropy, x, y, torch.optim.Adam([*layers.parameters(), *out.parameters()], lr=0.003))


@healthy("rank-collapse")
def a_bottleneck_of_two_units():
    x = torch.randn(1024, 2) @ torch.randn(2, 20)
    model = nn.Sequential(
        nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 2), nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 20)
    )
    fit(model, nn.MSELoss(), x, x, passes=30)


@healthy("gradient-through-time")
def a_recurrent_cell_that_reads_all_its_states():
    x = torch.randn(1024, 20, 3)
    y = x.sum((1, 2)).sign().clamp(0).long()
    cell, out = nn.GRUCell(3, 24), nn.Linear(24, 2)

    def model(rows):
        state = total = rows.new_zeros(len(rows), 24)
        for step in range(rows.shape[1]):
            state = cell(rows[:, step], state)
            total = total + state
        return out(total / rows.shape[1])

    fit(model, F.cross_entropy, x, y, torch.optim.Adam([*cell.parameters(), *out.parameters()], lr=0.01), passes=6)


@healthy("oscillating-loss")
def small_batches_whose_loss_jumps_about():
    x, y = numbers()
    fit(nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1)), nn.MSELoss(), x, y, passes=8, batch=4)


@healthy("oscillating-loss", "capacity-too-small")
def a_line_through_a_cloud():
    """What is left of the loss is noise: no width and no smaller step takes it away."""
    x = torch.randn(2048, 4)
    y = x @ torch.ones(4, 1) + torch.randn(2048, 1)
    model = nn.Linear(4, 1)
    fit(model, nn.MSELoss(), x, y, torch.optim.SGD(model.parameters(), lr=0.05), passes=10)


@healthy()
def nine_of_ten_but_told_apart():
    x, y = blobs(rows=4096)
    keep = (y[:, 0] == 0) | (torch.rand(len(y)) < 0.06)
    fit(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1)), nn.BCEWithLogitsLoss(), x[keep], y[keep])
