"""Every op of the forward pass is on the tape: its kind, shape, dtype, inputs and parameters."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

IMAGES = torch.randn(4, 3, 8, 8)
LAYERS = [
    (lambda: nn.Linear(5, 7), (4, 5), "linear", (4, 7)),
    (lambda: nn.Linear(5, 7, bias=False), (4, 5), "linear", (4, 7)),
    (lambda: nn.Conv1d(3, 6, 3), (4, 3, 8), "conv", (4, 6, 6)),
    (lambda: nn.Conv2d(3, 6, 3), (4, 3, 8, 8), "conv", (4, 6, 6, 6)),
    (lambda: nn.ConvTranspose2d(3, 6, 2), (4, 3, 8, 8), "conv", (4, 6, 9, 9)),
    (lambda: nn.BatchNorm1d(5), (4, 5), "normalisation", (4, 5)),
    (lambda: nn.BatchNorm2d(3), (4, 3, 8, 8), "normalisation", (4, 3, 8, 8)),
    (lambda: nn.LayerNorm(5), (4, 5), "normalisation", (4, 5)),
    (lambda: nn.GroupNorm(1, 3), (4, 3, 8), "normalisation", (4, 3, 8)),
    (lambda: nn.PReLU(), (4, 5), "activation", (4, 5)),
    (lambda: nn.LSTM(5, 7, batch_first=True), (4, 6, 5), "recurrent", (4, 6, 7)),
]


@pytest.mark.parametrize(("make", "shape", "kind", "out"), LAYERS, ids=[kind + str(s) for _, s, kind, _ in LAYERS])
def test_layers(tape, make, shape, kind, out):
    layer = make()

    def step():
        y = layer(torch.randn(shape))
        (y[0] if isinstance(y, tuple) else y).square().mean().backward()

    run = tape(step)
    (op,) = run.of_kind(kind)
    assert set(op.shape) == set(out)
    assert op.dtype == "float32"
    assert op.module == "layer"
    assert op.module_class == type(layer).__name__
    assert {p.name for p in op.parameters} == {f"layer.{name}" for name, _ in layer.named_parameters()}
    assert {p.name: p.shape for p in op.parameters} == {
        f"layer.{n}": tuple(p.shape) for n, p in layer.named_parameters()
    }


def test_linear_layers_of_three_dimensions_keep_their_parameters(tape):
    layer = nn.Linear(5, 7)
    run = tape(lambda: layer(torch.randn(2, 3, 5)).square().mean().backward())
    parameters = [p.name for op in run.ops for p in op.parameters if op.kind == "linear"]
    assert "layer.weight" in parameters


ACTIVATIONS = [
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "elu",
    "selu",
    "celu",
    "gelu",
    "silu",
    "mish",
    "softplus",
]
ACTIVATIONS += ["hardtanh", "relu6", "hardswish", "hardsigmoid", "logsigmoid"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(tape, one, name):
    layer = nn.Linear(5, 7)
    run = tape(lambda: getattr(F, name)(layer(torch.randn(4, 5))).square().mean().backward())
    op = one(run, kind="activation")
    assert op.member == name
    assert op.shape == (4, 7)
    assert op.inputs[0].kind == "linear"


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "elu", "leaky_relu"])
def test_activations_in_place(tape, one, name):
    layer = nn.Linear(5, 7)
    run = tape(
        lambda: (getattr(F, name + "_", None) or getattr(torch, name + "_"))(layer(torch.randn(4, 5))).sum().backward()
    )
    assert one(run, kind="activation").member == name


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(tape, one, name):
    layer = nn.Linear(5, 7)
    run = tape(lambda: getattr(F, name)(layer(torch.randn(4, 5)), -1).square().mean().backward())
    op = one(run, kind="softmax")
    assert (op.member, op.options["dim"]) == (name, -1)


def test_dimensions_of_sums_and_permutations(tape, one):
    layer = nn.Linear(5, 6)
    run = tape(lambda: layer(torch.randn(4, 5)).view(4, 2, 3).permute(2, 0, 1).sum((0, -1)).square().mean().backward())
    assert one(run, name="Permute").options["dims"] == [2, 0, 1]
    assert one(run, name="Sum").options["dim"] == [0, -1]


CLASSES, VALUES = torch.randint(7, (4,)), torch.rand(4, 7)
LOSSES = [
    ("cross_entropy", CLASSES),
    ("cross_entropy", VALUES),
    ("mse_loss", VALUES),
    ("l1_loss", VALUES),
    ("smooth_l1_loss", VALUES),
    ("huber_loss", VALUES),
    ("binary_cross_entropy_with_logits", VALUES),
    ("soft_margin_loss", VALUES.round() * 2 - 1),
    ("poisson_nll_loss", VALUES),
]


@pytest.mark.parametrize(("name", "target"), LOSSES)
def test_losses(tape, one, name, target):
    layer = nn.Linear(5, 7)
    run = tape(lambda: getattr(F, name)(layer(torch.randn(4, 5)), target).backward())
    root = one(run, root=True)
    assert (root.kind, root.function) == ("loss", name)
    assert root.member in (name, name.removesuffix("_loss"), "bce_with_logits")


def test_classes_through_log_softmax_and_nll(tape, one):
    layer = nn.Linear(5, 7)
    run = tape(lambda: F.nll_loss(F.log_softmax(layer(torch.randn(4, 5)), 1), CLASSES).backward())
    assert one(run, kind="loss").inputs[0] is one(run, kind="softmax")
    assert one(run, kind="softmax").inputs[0] is one(run, kind="linear")


def test_residual_branches(tape, one):
    first, second = nn.Linear(5, 5), nn.Linear(5, 5)

    def step():
        x = first(torch.randn(4, 5))
        (x + torch.tanh(second(x))).square().mean().backward()

    run = tape(step)
    add = one(run, name="Add")
    assert {op.member or op.module for op in add.inputs.values()} == {"first", "tanh"}
    assert add.inputs[0].consumers == [one(run, module="second", kind="linear"), add]


def test_attention(tape):
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(3, 4, 8)
    run = tape(lambda: attention(x, x, x, need_weights=False)[0].square().mean().backward())
    assert len(run.of_kind("attention")) == 1
    names = {p.name for op in run.ops for p in op.parameters}
    assert names == {f"attention.{name}" for name, _ in attention.named_parameters()}


def test_unrolled_recurrence(tape):
    rnn = nn.RNN(5, 7, batch_first=True)
    run = tape(lambda: rnn(torch.randn(4, 6, 5))[0].square().mean().backward())
    assert [op.member for op in run.of_kind("activation")] == ["tanh"] * 6
    assert {p.name for op in run.ops for p in op.parameters} == {f"rnn.{name}" for name, _ in rnn.named_parameters()}


def test_shared_weights_are_one_parameter(tape):
    embed, head = nn.Embedding(11, 8), nn.Linear(8, 11, bias=False)
    head.weight = embed.weight
    x = torch.randint(11, (4, 3))
    run = tape(lambda: F.cross_entropy(head(embed(x)).flatten(0, 1), x.flatten()).backward())
    assert len(run.parameters) == 1
    (readers,) = [[op.kind for op in run.ops if op.parameters and op.kind != "shape"]]
    assert sorted(readers) == ["embedding", "linear"]


class Odd(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        return x * 2, y * 3

    @staticmethod
    def backward(ctx, a, b):
        return a * 2, b * 3


def test_unknown_ops_are_kept(tape, one):
    layer = nn.Linear(5, 7)

    def step():
        a, b = Odd.apply(layer(torch.randn(4, 5)), torch.randn(4, 7))
        (a.exp() + b).square().mean().backward()

    run = tape(step)
    odd = one(run, kind="unknown")
    assert odd.name == "Odd"
    assert odd.inputs[0].kind == "linear"
    assert [op.name for op in odd.consumers] == ["Exp", "Add"]
    (row,) = run.rows("gradient", odd)
    assert row["factor"] == pytest.approx(2)
    assert odd.code == "a, b = Odd.apply(layer(torch.randn(4, 5)), torch.randn(4, 7))"


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.complex64])
def test_dtypes(tape, dtype):
    layer = nn.Linear(5, 7, dtype=dtype)
    run = tape(lambda: layer(torch.randn(4, 5).to(dtype)).abs().float().mean().backward())
    (op,) = run.of_kind("linear")
    assert op.dtype == str(dtype).removeprefix("torch.")
    assert {p.dtype for p in op.parameters} == {op.dtype}


def test_several_roots(tape):
    layer = nn.Linear(5, 7)

    def step():
        y = layer(torch.randn(4, 5))
        torch.autograd.backward([y.square().mean(), y.exp().mean()])

    run = tape(step)
    assert [op.name for op in run.ops if op.root] == ["Mean", "Mean"]
    assert len(run.of_kind("linear")) == 1


def test_a_root_inside_the_graph_of_another(tape):
    layer = nn.Linear(5, 7)

    def step():
        loss = layer(torch.randn(4, 5)).square().mean()
        torch.autograd.backward([loss, loss.exp()])

    assert sorted(op.name for op in tape(step).ops if op.root) == ["Exp", "Mean"]


def test_deep_graphs(tape):
    weight = torch.ones(3, requires_grad=True)

    def step():
        x = weight
        for _ in range(3000):
            x = x.view(3)
        x.sum().backward()

    assert len(tape(step).ops) == 3001


def test_a_parameter_that_is_read_along_many_ways_is_read_once(tape):
    weight = torch.ones(1, requires_grad=True)

    def step():
        x = weight.view(1, 1)
        for _ in range(8):
            x = torch.cat([x, x])[:1]
        (x * 2).sum().backward()

    assert {len(op.parameters) for op in tape(step).ops if op.parameters} == {1}


def test_saved_tensors_of_checkpointed_ops_are_never_read(tape):
    layer, calls = nn.Linear(5, 7), []

    def block(x):
        calls.append(1)
        return torch.sigmoid(layer(x))

    def step():
        checkpoint(block, torch.randn(4, 5), use_reentrant=False).mean().backward()

    run = tape(step, step)
    assert len(calls) == 4  # twice for each step: the forward pass, and once more in backward
    (sigmoid,) = run.of_kind("activation")
    assert run.rows("activation", sigmoid) == []
    assert all(np.isfinite(row["rms_in"]) for row in run.rows("gradient", sigmoid))
