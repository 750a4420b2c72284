"""A cure as an edit: applied to the source and run without any of us, it gives what the trial promised."""

from __future__ import annotations

import runpy
import textwrap

import pytest

import neurologist as nl
from neurologist.treat.source import edited

from .scripts import proposed
from .test_injection import same

PROGRAM = """\
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 6)
y = x[:, :4].argmax(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(6, 16), nn.Linear(16, 4)

    def forward(self, x):  # a comment
        return {last}


model = {model}
optimizer = {optimizer}
for _ in range(4):
    for rows in torch.arange(256).split(64):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
"""
PLAIN = {
    "last": "self.two(torch.relu(self.one(x)))",
    "model": "Net()",
    "optimizer": "torch.optim.SGD(model.parameters(), lr=0.1)",
}
ROW = "nn.Sequential(nn.Linear(6, 16), nn.Sigmoid(), nn.Linear(16, 4){})"

CASES = {
    "a function goes": (
        "remove-activation",
        "double_softmax",
        {"last": "F.softmax(self.two(torch.relu(self.one(x))), dim=1)"},
    ),
    "a method goes": ("remove-activation", "double_softmax", {"last": "self.two(self.one(x).relu()).softmax(-1)"}),
    "a layer goes": ("remove-activation", "double_softmax", {"model": ROW.format(", nn.Softmax(dim=1)")}),
    "a layer becomes another": ("replace-activation", "wrong_hidden_activation", {"model": ROW.format("")}),
    "a function becomes another": (
        "replace-activation",
        "wrong_hidden_activation",
        {"last": "self.two(torch.sigmoid(self.one(x)))"},
    ),
    "lr by name": ("learning-rate", "lr_too_high", {}),
    "lr by place": ("learning-rate", "lr_too_high", {"optimizer": "torch.optim.SGD(model.parameters(), 0.1)"}),
    "another optimizer": (
        "adam",
        "lr_too_low",
        {"optimizer": "torch.optim.SGD(model.parameters(), 1e-5, momentum=0.9)"},
    ),
    "no weight decay": (
        "lower-weight-decay",
        "over_regularised",
        {"optimizer": "torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5)"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_edited_source_trains_what_was_treated(name, tmp_path):
    slug, cause, changes = CASES[name]
    path = tmp_path / "train.py"
    path.write_text(PROGRAM.format(**{**PLAIN, **changes}), encoding="utf-8")
    treatment, seen = proposed(path, slug, cause)
    with nl.treat(treatment) as plan:
        treated = runpy.run_path(str(path))
    found = edited(plan, seen)
    assert len(found.changes) == 1
    assert not found.by_hand
    assert "# a comment" in found.changes[0].after
    plain = runpy.run_path(str(path))
    found.changes[0].write()
    assert same(runpy.run_path(str(path))["model"], treated["model"])
    assert not same(plain["model"], treated["model"])


def test_a_source_that_leaves_a_doubt_is_left_alone(tmp_path):
    path = tmp_path / "train.py"
    row = "nn.Sequential(*[f(n) for n in (6, 4) for f in (lambda n: nn.Linear(n, 4), lambda n: nn.Sigmoid())])"
    path.write_text(PROGRAM.format(**{**PLAIN, "model": row}), encoding="utf-8")  # only one of two is to go
    treatment, seen = proposed(path, "remove-activation", "wrong_output_activation")
    with nl.treat(treatment) as plan:
        pass
    found = edited(plan, seen)
    assert not found.changes
    assert found.by_hand[0].startswith("no sigmoid before the loss")


def test_a_layer_taken_out_leaves_the_layout(tmp_path):
    path = tmp_path / "train.py"
    row = textwrap.dedent("""\
    nn.Sequential(
        nn.Linear(6, 16),
        nn.ReLU(),  # kept
        nn.Linear(16, 4),
        nn.Softmax(dim=1),
    )""")
    path.write_text(PROGRAM.format(**{**PLAIN, "model": row}), encoding="utf-8")
    treatment, seen = proposed(path, "remove-activation", "double_softmax")
    with nl.treat(treatment) as plan:
        pass
    diff = edited(plan, seen).changes[0].diff
    assert [line for line in diff.splitlines()[2:] if line[0] in "+-"] == ["-    nn.Softmax(dim=1),"]
