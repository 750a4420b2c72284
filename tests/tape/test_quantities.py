"""What is measured, against the same figure computed another way: autograd.grad, retain_grad and plain NumPy."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from neurologist.tape.quantities import target


def size(values):
    values = values.detach().numpy() if isinstance(values, torch.Tensor) else values
    return np.sqrt(np.mean(np.square(values.astype(np.float64))))


def numbers(run, table, op, *columns):
    (row,) = run.rows(table, op)
    return [row[c] for c in columns]


# -- gradients ------------------------------------------------------------------------------------------------


def test_gradient_factors_of_a_chain(tape, one):
    first, second, x, y = nn.Linear(6, 9), nn.Linear(9, 4), torch.randn(8, 6), torch.randint(4, (8,))
    kept = {}

    def step():
        kept["a"] = first(x)
        kept["h"] = torch.tanh(kept["a"])
        kept["z"] = second(kept["h"])
        for tensor in kept.values():
            tensor.retain_grad()
        F.cross_entropy(kept["z"], y).backward()

    run = tape(step)
    a, h, z = (size(kept[name].grad) for name in "ahz")
    both = ("rms_in", "rms_out", "factor")
    assert numbers(run, "gradient", one(run, module="second", kind="linear"), *both) == pytest.approx([z, h, h / z])
    assert numbers(run, "gradient", one(run, member="tanh"), *both) == pytest.approx([h, a, a / h])
    assert numbers(run, "gradient", one(run, module="first", kind="linear"), *both) == [pytest.approx(a), None, None]
    loss = one(run, root=True)
    assert numbers(run, "gradient", loss, "rms_in") == [1]


def test_gradient_factors_where_branches_meet(tape, one):
    stem, side, x = nn.Linear(6, 6), nn.Linear(6, 6), torch.randn(8, 6)
    kept = {}

    def step():
        kept["a"] = stem(x)
        kept["s"] = side(kept["a"])
        kept["r"] = torch.relu(kept["a"])
        kept["loss"] = (kept["r"] * 3 + kept["s"]).square().mean()
        kept["loss"].backward(retain_graph=False, inputs=None)

    run = tape(step)
    step()  # the same graph once more, for the figures
    a = stem(x)
    s, r = side(a), torch.relu(a)
    loss = (r * 3 + s).square().mean()
    to_s, to_r, to_a = torch.autograd.grad(loss, [s, r, a], retain_graph=True)
    (through_s,) = torch.autograd.grad(s, a, to_s, retain_graph=True)
    (through_r,) = torch.autograd.grad(r, a, to_r, retain_graph=True)
    both = ("rms_in", "rms_out")
    assert numbers(run, "gradient", one(run, module="side", kind="linear"), *both) == pytest.approx(
        [size(to_s), size(through_s)]
    )
    assert numbers(run, "gradient", one(run, member="relu"), *both) == pytest.approx([size(to_r), size(through_r)])
    assert numbers(run, "gradient", one(run, module="stem", kind="linear"), "rms_in") == pytest.approx([size(to_a)])
    zero = (to_r.numpy() == 0).mean()
    assert numbers(run, "gradient", one(run, member="relu"), "zero_share") == pytest.approx([zero])


def test_tiny_gradients_are_not_lost(tape, one):
    layer, x = nn.Linear(6, 6), torch.randn(8, 6)
    run = tape(lambda: (torch.tanh(layer(x)).sum() * 1e-30).backward())
    (found,) = numbers(run, "gradient", one(run, member="tanh"), "rms_in")
    assert found == pytest.approx(1e-30)


def test_gradients_of_parameters_add_up_over_the_passes_of_a_step(tape):
    layer = nn.Linear(6, 4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    kept = {}

    def step():
        for _ in range(3):
            layer(torch.randn(8, 6)).square().mean().backward()
        kept["weight"] = layer.weight.grad.clone()
        optimizer.step()

    run = tape(step)
    weight = next(p for p in run.parameters.values() if p.name == "layer.weight")
    gradient, change = numbers(run, "weights", weight, "gradient", "change")
    assert gradient == pytest.approx(size(kept["weight"]))
    assert change == pytest.approx(0.5 * size(kept["weight"]), rel=1e-5)


# -- activations ----------------------------------------------------------------------------------------------

FUNCTIONS = {
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), 0.25),
    "tanh": (np.tanh, 1.0),
    "relu": (lambda x: np.maximum(x, 0), 1.0),
    "silu": (lambda x: x / (1 + np.exp(-x)), 1.0998),
    "softplus": (lambda x: np.log1p(np.exp(x)), 1.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("spread", [0.5, 4.0])
def test_activations_against_numpy(tape, one, name, spread):
    layer, x = nn.Linear(12, 20).double(), torch.randn(50, 12, dtype=torch.float64) * spread
    function, largest = FUNCTIONS[name]
    with torch.no_grad():
        layer.bias[:3] = -60  # three units that never fire
        before = layer(x).numpy()
    act = getattr(F, name) if name in ("silu", "softplus") else getattr(torch, name)
    run = tape(lambda: act(layer(x)).square().mean().backward())
    out, bump = function(before), 1e-6
    slope = (function(before + bump) - function(before - bump)) / (2 * bump)
    (row,) = run.rows("activation", one(run, kind="activation"))
    assert row["mean"] == pytest.approx(out.mean(), abs=1e-5)
    assert row["std"] == pytest.approx(out.std(), rel=1e-4)
    assert (row["low"], row["high"]) == pytest.approx((out.min(), out.max()), abs=1e-5)
    for column, share in {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}.items():
        low, high = np.quantile(out, [max(0, share - 0.01), min(1, share + 0.01)])
        assert low - 1e-5 <= row[column] <= high + 1e-5
    assert row["zero_share"] == pytest.approx((out.astype(np.float32) == 0).mean())
    assert row["saturated_share"] == pytest.approx((np.abs(slope) < 0.05 * largest).mean(), abs=0.002)
    assert row["slope"] == pytest.approx(np.sqrt((slope**2).mean()), rel=1e-3)
    assert row["units"] == 20
    assert row["flat"] == (np.abs(slope) < 0.05 * largest).all(0).sum()
    if name == "relu":
        silent = (before <= 0).all(0)
        assert row["silent"] == silent.sum() >= 3
        assert row["silent_units"] == np.packbits(silent, bitorder="little").tobytes()


def test_dead_channels_of_an_image(tape, one):
    conv, x = nn.Conv2d(1, 10, 3), torch.randn(6, 1, 9, 9)
    with torch.no_grad():
        conv.bias[[1, 8]] = -99
    run = tape(lambda: F.relu(conv(x)).square().mean().backward())
    (row,) = run.rows("activation", one(run, kind="activation"))
    assert (row["units"], row["silent"]) == (10, 2)
    assert row["silent_units"] == np.packbits([i in (1, 8) for i in range(10)], bitorder="little").tobytes()


@pytest.mark.parametrize("move", [lambda x: x.permute(0, 2, 3, 1), lambda x: x.transpose(1, 2).transpose(-1, -2)])
def test_dead_channels_of_an_image_whose_channels_come_last(tape, one, move):
    bias = torch.zeros(10)
    bias[[1, 8]] = -60
    conv = torch.nn.Conv2d(3, 10, 3)
    run = tape(lambda: torch.relu(move(conv(torch.randn(4, 3, 6, 6))) + bias).square().mean().backward())
    row = run.rows("activation", one(run, member="relu"))[0]
    assert (row["units"], row["silent"]) == (10, 2)
    assert row["silent_units"] == np.packbits([i in (1, 8) for i in range(10)], bitorder="little").tobytes()


def test_half_precision_overflows_nothing(tape, one):
    layer = nn.Linear(6, 4).half()
    x = torch.full((8, 6), 100.0, dtype=torch.float16)
    run = tape(lambda: torch.relu(layer(x) * 100 + 100).float().mean().backward())
    (row,) = run.rows("activation", one(run, kind="activation"))
    assert np.isfinite([row["mean"], row["std"], row["high"]]).all()
    assert run.quantity("nonfinite") == {}


# -- data, targets, non-finite --------------------------------------------------------------------------------


def test_inputs_against_numpy(tape, one):
    layer, x = nn.Linear(3, 4), torch.randn(40, 3) * torch.tensor([1.0, 100.0, 0.0]) + torch.tensor([0.0, 5.0, 2.0])
    run = tape(lambda: layer(x).square().mean().backward())
    (row,) = run.rows("input", one(run, kind="linear"))
    plain = x.numpy().astype(np.float64)
    scale = np.sqrt((plain**2).mean(0))
    expected = {"low": plain.min(), "high": plain.max(), "mean": plain.mean(), "std": plain.std(), "rows": 40}
    expected |= {"rms": size(plain), "nonfinite": 0, "scale_low": scale.min(), "scale_high": scale.max()}
    expected |= {"varying": plain.std(0).max()}
    assert {k: row[k] for k in expected} == pytest.approx(expected, rel=1e-5)
    assert (row["dtype"], row["shape"]) == ("float32", "(40, 3)")


def test_targets_against_numpy(tape, one):
    layer, y = nn.Linear(3, 4), torch.tensor([0, 1, 1, 3, 1, 2, 0, 1])
    x = torch.randn(8, 3)
    run = tape(lambda: F.cross_entropy(layer(x), y).backward())
    (row,) = [r for op in run.ops for r in run.rows("target", op) if r["low"] is not None]
    assert (row["low"], row["high"], row["integer"], row["distinct_targets"], row["rows"]) == (0, 3, 1, 4, 8)
    assert row["top_share"] == pytest.approx(0.5)
    assert row["mean"] == pytest.approx(y.numpy().mean())
    assert row["outputs"] == 4
    right = (layer(x).argmax(1) == y).double().mean().item()
    assert row["score"] == pytest.approx(right)


@pytest.mark.parametrize("part", [1, 40, 2**19])
@pytest.mark.parametrize("shape", [(8, 5), (8, 5, 3), (8, 1)])
def test_the_spread_of_predictions_against_numpy(monkeypatch, part, shape):
    monkeypatch.setattr(target, "PART", part)
    predictions = torch.randn(shape) * 3 + 100
    assert target.spread(predictions).item() == pytest.approx(predictions.double().numpy().std(0).mean(), rel=1e-12)


@pytest.mark.parametrize("distinct", [1, 3, 64, 65])
def test_how_often_each_target_is_there_against_numpy(tape, one, distinct):
    """Many different ones are not counted."""
    layer, x = nn.Linear(3, 1), torch.randn(400, 3)
    y = (torch.randint(distinct, (400, 1)) * (torch.arange(400)[:, None] >= distinct)).double()
    y[:distinct, 0] = torch.arange(distinct)
    run = tape(lambda: F.mse_loss(layer(x).double(), y).backward())
    (row,) = [r for op in run.ops for r in run.rows("target", op) if r["low"] is not None]
    shares = np.unique(y.numpy(), return_counts=True)[1] / 400
    few = distinct <= 64
    assert row["top_share"] == pytest.approx(shares.max())
    assert row["distinct_targets"] == (distinct if few else None)
    assert row["entropy"] == (pytest.approx(-(shares * np.log(shares)).sum()) if few else None)


def test_regression_targets_against_numpy(tape, one):
    layer, x, y = nn.Linear(3, 1), torch.randn(30, 3), torch.randn(30, 1) * 7 + 2
    run = tape(lambda: F.mse_loss(layer(x), y).backward())
    (row,) = run.rows("target", one(run, root=True))
    out, truth = layer(x).detach().numpy(), y.numpy()
    assert row["std"] == pytest.approx(truth.std(), rel=1e-5)
    assert row["predicted_mean"] == pytest.approx(out.mean(), abs=1e-6)
    assert row["score"] == pytest.approx(1 - np.mean((out - truth) ** 2) / truth.var(), rel=1e-4)


def test_sums_of_targets_over_rows_and_classes(tape, one):
    layer, x, y = nn.Linear(3, 20), torch.randn(6, 3), torch.rand(6, 5, 4)
    run = tape(lambda: F.cross_entropy(layer(x).view(6, 5, 4), y).backward())
    (row,) = run.rows("target", one(run, root=True))
    truth = y.numpy().astype(np.float64)
    ends = [truth.sum(-1).min(), truth.sum(-1).max(), truth.sum(1).min(), truth.sum(1).max()]
    assert [row[c] for c in ("row_low", "row_high", "class_low", "class_high")] == pytest.approx(ends)


def test_whole_targets_are_rows_only_in_losses_by_hand(tape, one):
    layer, x, y = nn.Linear(3, 4), torch.randn(8, 3), torch.randint(4, (8,))
    run = tape(lambda: (-(F.one_hot(y, 4) * F.log_softmax(layer(x), 1)).sum(1).mean()).backward())
    (row,) = run.rows("target", one(run, root=True))
    assert (row["row_low"], row["row_high"], row["row_ones"]) == (1, 1, 1)
    scores = nn.Linear(3, 20)
    run = tape(lambda: F.cross_entropy(scores(x).view(8, 5, 4), torch.randint(5, (8, 4))).backward())
    assert [r["row_low"] for op in run.ops for r in run.rows("target", op)] == [None]


def test_arguments_of_fragile_ops_against_numpy(tape, one):
    layer, x = nn.Linear(3, 4), torch.randn(8, 3)
    divisor = torch.nn.Parameter(torch.tensor([[-2.0], [0.5], [3.0]]))

    def step():
        z = layer(x)
        out = z.square().add(0.1).sqrt() + torch.exp(z) + torch.log(z.abs() + 0.2) + torch.acos(z / (1 + z.abs().sum()))
        (out.sum() + (layer(x)[:3] / divisor).sum() + (z + 9).reciprocal().sum()).backward()

    run = tape(step)
    z = layer(x).detach().numpy().astype(np.float64)
    expected = {
        "Sqrt": z**2 + 0.1,
        "Exp": z,
        "Log": np.abs(z) + 0.2,
        "Acos": z / (1 + np.abs(z).sum()),
        "Reciprocal": z + 9,
    }
    for name, values in expected.items():
        found = numbers(run, "argument", one(run, name=name), "low", "high", "least")
        assert found == pytest.approx([values.min(), values.max(), np.abs(values).min()], rel=1e-4, abs=1e-6), name
    quotients = [run.rows("argument", op) for op in run.ops if op.name == "Div"]
    assert [[r[c] for c in ("low", "high", "least")] for rows in quotients for r in rows if r["high"] == 3] == [
        [-2, 3, 0.5]
    ]


def test_the_first_op_that_made_a_nan(tape, one):
    layer, x = nn.Linear(3, 4), torch.rand(8, 3)
    run = tape(lambda: torch.log(torch.relu(layer(x) - 99)).exp().mul(torch.inf).mean().backward())
    made = {run.by_id[op].name: rows[0] for op, rows in run.quantity("nonfinite").items()}
    assert (made["Log"]["output"], made["Log"]["input"]) == (1, 0)
    assert "Relu" not in made
    assert "Addmm" not in made


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_bad_inputs_are_counted(tape, one, value):
    layer, x = nn.Linear(3, 4), torch.rand(8, 3)
    x[2, 1] = value
    run = tape(lambda: layer(x).square().mean().backward())
    (row,) = run.rows("input", one(run, kind="linear"))
    assert row["nonfinite"] == 1
    assert np.isfinite([row["mean"], row["std"], row["high"], row["low"], row["rms"]]).all()
