"""More ways to the causes that show in how training goes: each must be named first, with no other alarm beside it."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import blobs, classes, numbers, stripes
from neurologist.watch.session import watch

FAULTS: list = []


def fault(rule: str, cause: str) -> Callable:
    """A sick program, what must be found first, and with which cause."""

    def add(program):
        FAULTS.append(pytest.param(program, rule, cause, id=program.__name__))
        return program

    return add


def fit(model, loss_fn, x, y, optimizer=None, passes=20, batch=64):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(passes):
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            loss_fn(model(x[rows]), y[rows]).backward()
            optimizer.step()


@pytest.mark.parametrize(("program", "rule", "cause"), FAULTS)
def test_fault_is_named_first(program, rule, cause):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:
        program()
    diagnosis = session.diagnose()
    alarms = [(f.rule, f.cause) for f in diagnosis.findings if f.severity != "info"]
    assert alarms == [(rule, cause)], [(f.rule, f.severity, f.message) for f in diagnosis.findings]


@fault("unrelated-labels", "corrupted_labels")
def numbers_sorted_apart_from_their_inputs():
    x, y = numbers(rows=4096)
    fit(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)), nn.MSELoss(), x, y.sort(0).values, passes=8)


@fault("unrelated-labels", "corrupted_labels")
def answers_of_a_coin():
    x, y = blobs(rows=8192)
    fit(nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1)), nn.BCEWithLogitsLoss(), x, y.roll(1, 0), passes=4)


@fault("too-much-dropout", "too_much_dropout")
def dropout_that_leaves_one_unit():
    model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Dropout(0.95), nn.Linear(16, 5))
    fit(model, nn.CrossEntropyLoss(), *classes(), torch.optim.Adam(model.parameters(), lr=0.02), passes=60)


@fault("too-much-dropout", "too_much_dropout")
def four_dropouts_in_a_row():
    layers = [nn.Linear(8, 64)]
    for _ in range(4):
        layers += [nn.ReLU(), nn.Dropout(0.85), nn.Linear(64, 64)]
    fit(nn.Sequential(*layers, nn.ReLU(), nn.Linear(64, 1)), nn.MSELoss(), *numbers(), passes=40)


@fault("constant-input", "constant_input")
def one_example_in_every_place():
    x, y = numbers()
    fit(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)), nn.MSELoss(), x[:1].repeat(len(x), 1), y)


@fault("constant-input", "constant_input")
def images_of_nothing():
    x, y = stripes()
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 4))
    fit(model, nn.CrossEntropyLoss(), torch.zeros_like(x), y)


@fault("hidden-softmax", "wrong_hidden_activation")
def softmax_modules_between_layers():
    model = nn.Sequential(nn.Linear(8, 128), nn.Softmax(-1), nn.Linear(128, 128), nn.Softmax(-1), nn.Linear(128, 1))
    fit(model, nn.MSELoss(), *numbers())


@fault("rank-collapse", "too_deep")
def attention_without_a_way_around():
    torch.manual_seed(1)
    x = torch.randn(512, 12, 16)
    y = (x[:, 0, 0] > 0).long()
    layers = nn.ModuleList(nn.Linear(16, 48) for _ in range(8))
    out = nn.Linear(16, 2)

    def model(rows):
        for layer in layers:
            query, key, value = layer(rows).chunk(3, -1)
            rows = torch.softmax(query @ key.transpose(1, 2) / 4, -1) @ value
        return out(rows[:, 0])

    fit(model, F.cross_entropy, x, y, torch.optim.SGD([*layers.parameters(), *out.parameters()], lr=0.05), passes=15)


@fault("gradient-through-time", "recurrent_depth")
def a_recurrent_cell_as_a_module():
    torch.manual_seed(1)
    x = torch.randn(2048, 40, 3)
    y = x[:, 0, :1]
    cell, out = nn.RNNCell(3, 24), nn.Linear(24, 1)

    def model(rows):
        state = rows.new_zeros(len(rows), 24)
        for step in range(rows.shape[1]):
            state = cell(rows[:, step], state)
        return out(state)

    fit(model, F.mse_loss, x, y, torch.optim.Adam([*cell.parameters(), *out.parameters()], lr=0.003), passes=8)


@fault("oscillating-loss", "lr_too_high")
def steps_that_are_too_long_for_a_robust_loss():
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 1))
    fit(model, nn.SmoothL1Loss(), x, y + 2, torch.optim.SGD(model.parameters(), lr=0.8), passes=100)


@fault("capacity-too-small", "capacity_too_small")
def one_unit_for_four_stripes():
    x, y = stripes()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 1), nn.ReLU(), nn.Linear(1, 4))
    fit(model, nn.CrossEntropyLoss(), x, y, torch.optim.Adam(model.parameters(), lr=0.01), passes=200)


@fault("class-imbalance", "class_imbalance")
def one_class_in_ninety_nine_of_a_hundred():
    torch.manual_seed(2)
    x = torch.randn(8192, 6)
    y = torch.where(torch.rand(8192) < 0.98, 0, torch.randint(1, 3, (8192,)))
    fit(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3)), nn.CrossEntropyLoss(), x, y, passes=3)
