"""What tells how training goes, each against the same figure computed another way."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from neurologist.tape.quantities.signs import Signs
from neurologist.tape.quantity import Update


def named(run, name):
    return next(p for p in run.parameters.values() if p.name == name)


# -- slopes along the update ----------------------------------------------------------------------------------


def quadratic(curvature):
    """0.5 w^T H w with a diagonal H, whose slopes along any step are known."""
    w = torch.tensor([[3.0, -2.0, 0.5]], requires_grad=True)
    return w, lambda: 0.5 * (w * w * torch.tensor(curvature)).sum()


def test_slopes_along_the_step_on_a_quadratic(tape):
    """With gradient descent, slope at the end over slope at the start is 1 - lr * curvature, averaged over axes."""
    w, loss = quadratic([1.0, 4.0, 9.0])
    optimizer = torch.optim.SGD([w], lr=0.1)
    kept = []

    def step():
        optimizer.zero_grad()
        loss().backward()
        kept.append((w.detach().clone().numpy(), w.grad.clone().numpy()))
        optimizer.step()

    run = tape(step, step, step)
    (rows,) = [run.rows("along", p) for p in run.parameters.values() if p.shape == (1, 3)]
    changes = [b[0] - a[0] for a, b in pairwise(kept)]
    assert [row["promised"] for row in rows[:2]] == pytest.approx(
        [float((change * gradient).sum()) for change, (_, gradient) in zip(changes, kept, strict=False)], rel=1e-5
    )
    assert (rows[0]["entered"], rows[0]["left"]) == (None, None)
    for row, before, change in zip(rows[1:], rows, changes, strict=False):
        assert row["entered"] == pytest.approx(before["promised"], rel=1e-5)
        curved = float((change**2 * np.array([1.0, 4.0, 9.0])).sum())
        assert row["left"] - row["entered"] == pytest.approx(curved, rel=1e-4)


def test_no_slope_at_the_end_when_a_step_between_was_not_sampled(tape):
    w, loss = quadratic([1.0, 1.0, 1.0])
    optimizer = torch.optim.SGD([w], lr=0.1)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    def step_after_another():
        with torch.no_grad():
            w.mul_(0.9)
        step()

    run = tape(step, step_after_another)
    (rows,) = [run.rows("along", p) for p in run.parameters.values() if p.shape == (1, 3)]
    assert rows[1]["promised"] is not None
    assert (rows[1]["entered"], rows[1]["left"]) == (None, None)


def test_promise_of_a_large_parameter_is_of_all_its_entries(tape):
    w = torch.ones(300, 400, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.25)

    def step():
        (2 * w).sum().backward()
        optimizer.step()

    run = tape(step)
    (rows,) = [run.rows("along", p) for p in run.parameters.values() if p.shape == (300, 400)]
    assert rows[0]["promised"] == pytest.approx(-0.25 * 4 * 120_000)


def test_sparse_gradients_are_left_out(tape):
    table = nn.Embedding(50, 4, sparse=True)
    optimizer = torch.optim.SGD(table.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        table(torch.tensor([1, 2, 3])).sum().backward()
        optimizer.step()

    run = tape(step, step)
    assert run.rows("along", named(run, "table.weight")) == []


# -- agreement ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
def test_agreement_against_one_backward_pass_per_example(tape, one, bias):
    layer, x, y = nn.Linear(6, 4, bias=bias), torch.randn(10, 6), torch.randint(4, (10,))
    run = tape(lambda: F.cross_entropy(layer(x), y).backward())
    each = [
        torch.autograd.grad(F.cross_entropy(layer(x[i : i + 1]), y[i : i + 1]) / 10, layer.weight)[0] for i in range(10)
    ]
    (row,) = run.rows("agreement", one(run, kind="linear"))
    assert (row["examples"], row["of"]) == (10, 10)
    assert row["single"] == pytest.approx(float(sum(g.square().sum() for g in each)), rel=1e-5)
    assert row["whole"] == pytest.approx(float(sum(each).square().sum()), rel=1e-5)


def test_agreement_looks_at_some_rows_of_a_large_batch(tape, one):
    layer, x = nn.Linear(6, 4), torch.randn(1000, 6)
    run = tape(lambda: layer(x).square().sum().backward())
    (row,) = run.rows("agreement", one(run, kind="linear"))
    assert 32 < row["examples"] <= 64
    assert row["of"] == 1000


# -- dropout --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drop", [nn.Dropout, nn.AlphaDropout, nn.FeatureAlphaDropout])
@pytest.mark.parametrize("rate", [0.1, 0.8])
def test_dropped_share(tape, one, drop, rate):
    layer, mask = nn.Linear(16, 32), drop(rate)
    run = tape(lambda: mask(layer(torch.randn(200, 16))).sum().backward())
    (row,) = run.rows("dropout", one(run, kind="dropout"))
    assert row["dropped"] == pytest.approx(rate, abs=0.05)


def test_dropped_share_of_channels(tape, one):
    layer, mask = nn.Conv2d(1, 32, 3), nn.Dropout2d(0.7)
    run = tape(lambda: mask(layer(torch.randn(64, 1, 5, 5))).sum().backward())
    (row,) = run.rows("dropout", one(run, kind="dropout"))
    assert row["dropped"] == pytest.approx(0.7, abs=0.05)


def test_no_dropout_in_evaluation_mode(tape):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).eval()
    run = tape(lambda: model(torch.randn(8, 4)).sum().backward())
    assert run.of_kind("dropout") == []


# -- variety --------------------------------------------------------------------------------------------------


def test_variety_of_rows(tape, one):
    layer, x = nn.Linear(6, 4), torch.randn(20, 6) + 3
    run = tape(lambda: layer(x).sum().backward())
    (row,) = run.rows("variety", one(run, kind="linear"))
    v = x.double().numpy()
    assert row["examples"] == pytest.approx(np.sqrt(((v - v.mean(0)) ** 2).mean() / (v**2).mean()))
    assert row["places"] is None


def test_variety_of_a_sequence(tape, one):
    first, layer, x = nn.Linear(6, 8), nn.Linear(8, 4), torch.randn(5, 7, 6)
    kept = {}

    def step():
        kept["h"] = torch.relu(first(x))
        layer(kept["h"]).sum().backward()

    run = tape(step)
    (row,) = run.rows("variety", one(run, module="layer", kind="linear"))
    v = kept["h"].detach().double().numpy()
    size = np.sqrt((v**2).mean())
    assert row["examples"] == pytest.approx(np.sqrt(((v - v.mean(0)) ** 2).mean()) / size)
    assert row["places"] == pytest.approx(np.sqrt(((v - v.mean(1, keepdims=True)) ** 2).mean()) / size)


def test_equal_examples_have_no_variety(tape, one):
    layer, x = nn.Linear(6, 4), torch.randn(1, 6).expand(20, 6)
    run = tape(lambda: layer(x).sum().backward())
    assert run.rows("variety", one(run, kind="linear"))[0]["examples"] == pytest.approx(0, abs=1e-12)


# -- signs and entropy ----------------------------------------------------------------------------------------


def test_positive_inputs_push_the_weights_of_a_unit_one_way(tape):
    layer = nn.Linear(12, 5)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        layer(x).sum().backward()
        optimizer.step()

    run = tape(lambda: step(torch.rand(8, 12)), lambda: step(torch.randn(8, 12)))
    rows = run.rows("signs", named(run, "layer.weight"))
    assert [row["one_signed"] for row in rows] == [1, 0]
    assert run.rows("signs", named(run, "layer.bias")) == []


def test_units_of_one_sign_row_by_row():
    weight, nan = nn.Parameter(torch.zeros(6, 5)), torch.nan
    one_signed = [[1, 2, 3, 4, 0.5], [-1, -2, 0, -4, -5]]
    others = [[-1, -2, -3, -4, 0.5], [1, 2, 3, 4, nan], [1, 2, 3, 0, 0], [0, 0, 0, 0, 0]]  # the last two: too few
    weight.grad = torch.tensor(one_signed + others)
    row = Signs().at_update(Update(weight, weight.detach(), weight.detach(), None))
    assert row["one_signed"].item() == pytest.approx(2 / 4)


def test_entropy_of_labels(tape, one):
    layer, y = nn.Linear(6, 4), torch.tensor([0, 0, 0, 0, 1, 1, 2, 3])
    run = tape(lambda: F.cross_entropy(layer(torch.randn(8, 6)), y).backward())
    shares = np.array([0.5, 0.25, 0.125, 0.125])
    assert run.rows("target", one(run, name="NllLoss"))[0]["entropy"] == pytest.approx(-(shares * np.log(shares)).sum())
