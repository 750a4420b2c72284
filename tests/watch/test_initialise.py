"""`init_` gives each layer the gain of the activation behind it, and changes nothing else."""

import math
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

import neurologist as nl

WIDTH = 256


class Net(nn.Module):
    """Layers by name, and a function that calls them."""

    def __init__(self, call, **layers):
        super().__init__()
        self.call = call
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *inputs, **named):
        return self.call(self, *inputs, **named)


def gains(report):
    return {row.layer: row.gain for row in report.layers}


def why(report, layer):
    return next(row.why for row in report.layers if row.layer == layer)


def left(report):
    return {(row.layer.partition(" ")[0], name): row.why for row in report.left for name in row.parameters}


def between(act, **more):
    """A layer, an activation, an output layer."""
    a, b = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 8)
    return Net(lambda net, x: net.b(act(net.a(x))), a=a, b=b, **more)


# -- the gain of what follows -----------------------------------------------------------------------------------


FOLLOWERS = [
    ("tanh", nn.Tanh(), {}),
    ("tanh", torch.tanh, {}),
    ("relu", lambda x: F.relu(x, inplace=True), {}),
    ("gelu", F.gelu, {}),
    ("gelu_tanh", nn.GELU("tanh"), {}),
    ("silu", F.silu, {}),
    ("mish", nn.Mish(), {}),
    ("selu", F.selu, {}),
    ("relu6", F.relu6, {}),
    ("leaky_relu", nn.LeakyReLU(0.3), {"negative_slope": 0.3}),
    ("elu", lambda x: F.elu(x, 2.0), {"alpha": 2.0}),
    ("prelu", nn.PReLU(1, 0.7), {"weight": 0.7}),
    ("softplus", nn.Softplus(2.0), {"beta": 2.0}),
    ("snake", nl.snake, {}),
    ("snake", lambda x: nl.snake(x, a=2.0), {"a": 2.0}),
    ("leaky_relu", lambda x: nl.leaky_relu(x, negative_slope=0.3), {"negative_slope": 0.3}),
    ("squareplus", nl.squareplus.module(), {}),
    ("silu", lambda x: x * torch.sigmoid(x), {}),
    ("mish", lambda x: torch.tanh(F.softplus(x)) * x, {}),
    ("swish", lambda x: x * nl.activation("gate", "1 / (1 + exp(-b*x))", b=1.0)(x, b=1.7), {"beta": 1.7}),
    ("relu", lambda x: F.dropout(F.relu(F.dropout(x))), {}),
    ("relu", lambda x: F.relu(x.view(-1, 16, 16)).flatten(1), {}),
    ("relu", lambda x: F.relu(0.5 * x / 2), {}),
]


@pytest.mark.parametrize(("name", "act", "given"), FOLLOWERS)
def test_the_gain_of_the_activation_that_follows(name, act, given):
    model = between(act)
    expected = nl.gain(name, **given)
    report = nl.init_(model)
    assert gains(report) == {"a": pytest.approx(expected, rel=1e-6), "b": 1.0}
    with torch.no_grad():
        assert float(model.a.weight.std()) == pytest.approx(expected / math.sqrt(WIDTH), rel=0.02)
        assert float(model.b.weight.std()) == pytest.approx(1 / math.sqrt(WIDTH), rel=0.1)
        assert float(model.a.weight.mean().abs()) < 0.01 * expected
    assert not model.a.bias.any()
    assert not model.b.bias.any()


@pytest.mark.parametrize("name", ["glu", "swiglu", "geglu", "maxout"])
def test_gated_units(name):
    unit = F.glu if name == "glu" else nl.activations[name]
    model = Net(lambda net, x: net.b(unit(net.a(x))), a=nn.Linear(8, 16), b=nn.Linear(8, 3))
    assert gains(nl.init_(model))["a"] == pytest.approx(nl.gain(name))


def test_an_activation_of_ones_own():
    own = nl.activation("own_bump", "x * exp(-b * x**2)", b=0.3)
    report = nl.init_(between(lambda x: own(x, b=0.6)))
    assert gains(report)["a"] == pytest.approx(nl.gain(own, b=0.6))
    assert why(report, "a") == "own_bump(b=0.6) follows"


def test_several_activations_of_one_name_are_told_apart_or_not_guessed():
    first = nl.activation("twin", "x * exp(-x**2)")
    second = nl.activation("twin", "x / (1 + x**2)")
    assert gains(nl.init_(between(first)))["a"] == 1.0
    del second
    assert gains(nl.init_(between(first)))["a"] == pytest.approx(nl.gain(first))


BY_HAND = [
    ("tanh", lambda x: 0.5 * x * (1 + torch.tanh(0.79788 * (x + 0.044715 * x**3)))),
    ("relu6", lambda x: x * F.relu6(x + 3) / 6),
    ("tanh", lambda x: torch.tanh(x + 0.1 * x**3)),
]


@pytest.mark.parametrize(("name", "act"), BY_HAND)
def test_part_of_a_formula_written_by_hand_is_said_to_be_only_a_part(name, act):
    report = nl.init_(between(act))
    assert gains(report)["a"] == pytest.approx(nl.gain(name))
    assert "formula written by hand" in why(report, "a")
    assert "by hand" not in str(nl.init_(between(torch.tanh)))


def test_several_activations_behind_one_layer():
    report = nl.init_(between(lambda x: torch.cat([torch.tanh(x[:, :128]), torch.relu(x[:, 128:])], 1)))
    assert gains(report)["a"] == pytest.approx(math.sqrt(nl.gain("tanh") * nl.gain("relu")))
    assert "geometric mean" in why(report, "a")


def test_outputs():
    for end in (lambda x: x, torch.sigmoid, torch.tanh, lambda x: F.softmax(x, -1), lambda x: F.log_softmax(x, -1)):
        assert gains(nl.init_(Net(lambda net, x, end=end: end(net.a(x)), a=nn.Linear(8, 8)))) == {"a": 1.0}
    features = Net(lambda net, x: F.relu(net.a(x)), a=nn.Linear(8, 8))  # unbounded: a trunk for other layers
    assert gains(nl.init_(features)) == {"a": pytest.approx(math.sqrt(2))}
    heads = Net(lambda net, x: {"mean": net.a(x), "rest": [F.softplus(net.b(x))]}, a=nn.Linear(8, 1), b=nn.Linear(8, 1))
    assert gains(nl.init_(heads)) == {"a": 1.0, "b": pytest.approx(nl.gain("softplus"))}
    normal = Net(lambda net, x: torch.distributions.Normal(net.a(x), 1.0), a=nn.Linear(8, 1))
    assert gains(nl.init_(normal)) == {"a": 1.0}


def test_an_activation_without_a_gain():
    zero = nl.activation("zero", "0 * x")
    assert gains(nl.init_(between(zero)))["a"] == 1.0


# -- layers -----------------------------------------------------------------------------------------------------


LAYERS = [
    (nn.Linear(300, 200), (64, 300), 300),
    (nn.Linear(300, 200, bias=False), (4, 16, 300), 300),
    (nn.Conv1d(40, 64, 5), (8, 40, 60), 200),
    (nn.Conv2d(16, 32, 3, groups=4, dilation=2), (8, 16, 20, 20), 36),
    (nn.Conv3d(8, 16, 3), (4, 8, 9, 9, 9), 216),
    (nn.ConvTranspose1d(40, 64, 6, stride=3), (8, 40, 60), 80),
    (nn.ConvTranspose2d(16, 32, 4, stride=2, groups=2), (8, 16, 20, 20), 32),
    (nn.ConvTranspose2d(16, 32, 3, stride=2), (8, 16, 20, 20), 36),
    (nn.ConvTranspose3d(8, 16, 2, stride=2), (4, 8, 9, 9, 9), 8),
]


@pytest.mark.parametrize(("layer", "shape", "fan_in"), LAYERS, ids=lambda value: str(value)[:30])
def test_every_kind_of_layer_keeps_the_size_of_its_input(layer, shape, fan_in):
    x = torch.randn(shape)
    (row,) = nl.init_(layer, x).layers
    assert (row.layer, row.gain, row.fan_in) == (type(layer).__name__, 1.0, fan_in)
    with torch.no_grad():
        y = layer(x)
        inner = y[(..., *[slice(6, -6)] * (y.dim() - 2))] if "Transpose" in row.layer else y  # fewer taps at the edges
        assert float(inner.square().mean()) == pytest.approx(1.0, rel=0.15)


def test_bare_parameters():
    def call(net, x):
        h = torch.tanh(x @ net.w + net.b)
        h = torch.relu(torch.einsum("bi,io->bo", h, net.e))
        return (net.left @ h.T).T

    tensors = {"w": torch.ones(30, 40), "b": torch.ones(40), "e": torch.ones(40, 20), "left": torch.ones(7, 20)}
    model = Net(call, **{name: nn.Parameter(tensor) for name, tensor in tensors.items()})
    report = nl.init_(model, torch.randn(50, 30))
    assert [(row.layer, row.fan_in) for row in report.layers] == [("w", 30), ("e", 40), ("left", 20)]
    assert gains(report)["w"] == pytest.approx(nl.gain("tanh"))
    assert not model.b.any()


def test_attention():
    report = nl.init_(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, norm_first=True, activation="gelu"))
    half = 1 / math.sqrt(2)
    expected = {
        "self_attn.in_proj_weight": 1.0,
        "self_attn.out_proj": half,
        "linear1": nl.gain("gelu"),
        "linear2": half,
    }
    assert gains(report) == {name: pytest.approx(value) for name, value in expected.items()}
    assert not report.model.self_attn.in_proj_bias.any()


# -- sums -------------------------------------------------------------------------------------------------------


def stack(depth, block, **layers):
    blocks = nn.ModuleList(block() for _ in range(depth))

    def call(net, x):
        for one in net.blocks:
            x = one(x)
        return x

    return Net(call, blocks=blocks, **layers)


def residual(act=torch.relu, norm=None):
    norm = norm or nn.Identity()
    return Net(lambda n, x: x + n.b(act(n.a(n.norm(x)))), a=nn.Linear(64, 64), b=nn.Linear(64, 64), norm=norm)


@pytest.mark.parametrize("act", [torch.relu, torch.tanh])
def test_residual_branches_end_so_that_the_signal_stays_bounded(act):
    depth = 24
    model = stack(depth, lambda: residual(act))
    report = nl.init_(model, torch.randn(4, 64))
    assert gains(report)["blocks.3.b"] == pytest.approx(1 / math.sqrt(depth))
    assert why(report, "blocks.3.b") == "ends one of 24 residual branches"
    x = torch.randn(512, 64)
    with torch.no_grad():
        grown = float(model(x).square().mean() / x.square().mean())
    assert 1 < grown < 1.3 * math.e


def test_each_stream_counts_its_own_branches():
    towers = Net(
        lambda net, x: (net.one(x) * net.two(x)).sum(1), one=stack(4, residual), two=stack(9, residual)
    )  # their sums meet in no sum
    found = gains(nl.init_(towers, torch.randn(4, 64)))
    assert found["one.blocks.0.b"] == pytest.approx(1 / 2)
    assert found["two.blocks.0.b"] == pytest.approx(1 / 3)


def test_a_stream_that_is_normalised_starts_anew():
    post = stack(4, lambda: nn.Sequential(residual(), nn.LayerNorm(64)))
    assert gains(nl.init_(post, torch.randn(4, 64)))["blocks.2.0.b"] == 1.0
    pre = stack(4, lambda: residual(norm=nn.LayerNorm(64)))
    assert gains(nl.init_(pre, torch.randn(4, 64)))["blocks.2.b"] == pytest.approx(1 / 2)


def test_a_branch_that_ends_in_a_normalisation_keeps_its_gain():
    def call(net, x):
        return net.head(F.relu(x + net.norm(net.b(F.relu(net.a(x))))).mean((2, 3)))

    conv = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
    model = Net(call, a=conv[0], b=conv[1], norm=nn.BatchNorm2d(8), head=nn.Linear(8, 2))
    report = nl.init_(model)
    assert gains(report)["b"] == pytest.approx(math.sqrt(2))
    assert "behind a normalisation" in why(report, "b")


def test_a_normalisation_is_looked_through():
    model = nn.Sequential(
        nn.Linear(8, 8), nn.BatchNorm1d(8), nn.SELU(), nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 2)
    )
    report = nl.init_(model)
    assert gains(report) == {"0": pytest.approx(nl.gain("selu")), "3": 1.0, "5": 1.0}
    assert "behind a normalisation" in why(report, "0")


def test_outputs_that_are_summed_share_the_variance():
    model = Net(
        lambda net, x: net.out(torch.tanh(net.a(x) + (net.b(x * 2) + net.c(x**2)))),
        **{name: nn.Linear(8, 8) for name in ("a", "b", "c", "out")},
    )
    report = nl.init_(model)
    share = nl.gain("tanh") / math.sqrt(3)
    assert gains(report) == {**dict.fromkeys("abc", pytest.approx(share)), "out": 1.0}
    assert "3 outputs are summed" in why(report, "a")


def test_a_sum_behind_normalisations_divides_nothing():
    layers = {name: nn.Linear(8, 8) for name in ("a", "b", "out")}
    norms = {"one": nn.BatchNorm1d(8), "two": nn.BatchNorm1d(8)}
    model = Net(lambda net, x: net.out(F.relu(net.one(net.a(x)) + net.two(net.b(x)))), **layers, **norms)
    assert gains(nl.init_(model))["a"] == pytest.approx(math.sqrt(2))


def test_a_recurrence_by_hand():
    def call(net, x):
        h = torch.zeros(2, 8)
        for step in range(4):
            h = torch.tanh(net.into(x[:, step]) + net.back(h))
        return net.out(h)

    model = Net(call, **{name: nn.Linear(8, 8) for name in ("into", "back", "out")})
    report = nl.init_(model, torch.randn(2, 4, 8))
    assert gains(report)["back"] == pytest.approx(nl.gain("tanh") / math.sqrt(2))
    assert "used 4 times" in why(report, "back")


def test_a_rotation_is_no_sum_of_outputs():
    def call(net, x):
        q = net.q(x)
        return net.out(torch.relu(q * 0.6 + torch.roll(q, 1, -1) * 0.8))

    assert gains(nl.init_(Net(call, q=nn.Linear(8, 8), out=nn.Linear(8, 2))))["q"] == pytest.approx(math.sqrt(2))


# -- shared, frozen and other weights ---------------------------------------------------------------------------


def test_a_layer_used_twice():
    model = Net(lambda net, x: net.b(torch.relu(net.a(torch.tanh(net.a(x))))), a=nn.Linear(64, 64), b=nn.Linear(64, 2))
    report = nl.init_(model)
    assert gains(report)["a"] == pytest.approx(math.sqrt(nl.gain("tanh") * math.sqrt(2)))
    assert why(report, "a") == "used 2 times: tanh follows; relu follows: geometric mean"
    same = Net(lambda net, x: net.b(torch.tanh(net.a(torch.tanh(net.a(x))))), a=nn.Linear(64, 64), b=nn.Linear(64, 2))
    assert why(nl.init_(same), "a") == "used 2 times: tanh follows"


def test_tied_weights():
    def call(net, x):
        return torch.relu(net.a(x)) @ net.a.weight

    report = nl.init_(Net(call, a=nn.Linear(100, 25)))
    (row,) = report.layers
    assert row.std == pytest.approx(math.sqrt(math.sqrt(2) / 10 * 1 / 5))

    embedding, head = nn.Embedding(50, 16), nn.Linear(16, 50, bias=False)
    head.weight = embedding.weight
    report = nl.init_(Net(lambda net, x: net.head(net.e(x)), e=embedding, head=head))
    assert gains(report) == {"e, head": 1.0}
    assert report.layers[0].fan_in == 16
    assert report.left == ()
    assert head.weight is embedding.weight


def test_frozen_layers_are_left_alone_and_said():
    model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    model[2].requires_grad_(False)
    model[4].bias.requires_grad_(False)
    before = [model[2].weight.clone(), model[2].bias.clone(), model[4].bias.clone()]
    report = nl.init_(model)
    assert gains(report) == {"0": pytest.approx(nl.gain("tanh")), "4": 1.0}
    assert left(report) == {("2", "weight"): "frozen", ("2", "bias"): "frozen", ("4", "bias"): "frozen"}
    assert all(map(torch.equal, before, [model[2].weight, model[2].bias, model[4].bias]))
    assert [p.requires_grad for p in model.parameters()] == [True, True, False, False, True, False]
    everything = nl.init_(nn.Linear(3, 3).requires_grad_(False))
    assert everything.layers == ()
    assert len(everything.left) == 1


def test_what_is_left_alone_is_said():
    def call(net, x):
        h = net.rnn(net.e(x))[0]
        return net.out(net.norm(h) * net.scale)

    layers = {"e": nn.Embedding(9, 8), "rnn": nn.RNN(8, 8, batch_first=True), "norm": nn.LayerNorm(8)}
    model = Net(call, **layers, scale=nn.Parameter(torch.ones(8)), out=nn.Linear(8, 2), unused=nn.Linear(2, 2))
    before = {name: p.clone() for name, p in model.named_parameters()}
    report = nl.init_(model)
    assert gains(report) == {"out": 1.0}
    found = left(report)
    assert found["e", "weight"].startswith("embedding")
    assert found["rnn", "weight_hh_l0"] == "recurrent"
    assert found["norm", "weight"].startswith("normalisation")
    assert found["unused", "weight"] == "not reached by this forward pass"
    assert "Mul" in found["Net", "scale"]
    untouched = [name for name, p in model.named_parameters() if torch.equal(p, before[name])]
    assert untouched == [name for name in before if not name.startswith("out")]


@pytest.mark.parametrize("computed", [parametrizations.weight_norm, parametrizations.spectral_norm])
def test_computed_weights_are_left_alone(computed):
    model = nn.Sequential(computed(nn.Linear(8, 8)), nn.ReLU(), nn.Linear(8, 2))
    before = {name: p.clone() for name, p in model[0].state_dict().items()}
    report = nl.init_(model, torch.randn(4, 8))
    assert gains(report) == {"2": 1.0}
    assert before.keys() == model[0].state_dict().keys()
    assert all(torch.equal(before[name], p) for name, p in model[0].state_dict().items())


# -- nothing else changes ---------------------------------------------------------------------------------------


def busy():
    """A model whose forward pass changes what it can."""
    embedding = nn.Embedding(5, 8, max_norm=0.1)  # scales its rows down when they are looked up

    def call(net, x):
        net.count += 1
        noise = torch.rand(1) + np.random.rand() + random.random()
        h = net.norm(torch.relu(net.a(x))) + net.e(torch.tensor([0, 1])).sum()
        x.mul_(2)
        return net.b(F.dropout(h, training=net.training) * noise)

    model = Net(call, a=nn.Linear(8, 8), b=nn.Linear(8, 2), norm=nn.BatchNorm1d(8), e=embedding)
    model.register_buffer("count", torch.zeros(()))
    return model


@pytest.mark.parametrize("given", [True, False])
def test_buffers_modes_gradients_and_generators_stay(given):
    model = busy()
    model.norm.eval()
    model.b.weight.grad = gradient = torch.ones(2, 8)
    x = torch.randn(4, 8)
    kept = {name: tensor.clone() for name, tensor in {**dict(model.named_buffers()), "e": model.e.weight}.items()}
    inside = {name: set(vars(module)) for name, module in model.named_modules()}
    states = torch.get_rng_state(), np.random.get_state()[1].tobytes(), random.getstate()
    copy = x.clone()
    nl.init_(model, *([x] if given else []))
    assert torch.equal(x, copy)
    assert not x.requires_grad
    after = {**dict(model.named_buffers()), "e": model.e.weight}
    assert all(torch.equal(after[name], tensor) for name, tensor in kept.items())
    assert [m.training for m in model.modules()] == [True, True, True, False, True]
    assert model.b.weight.grad is gradient
    assert torch.equal(gradient, torch.ones(2, 8))
    assert all(p.grad is None for name, p in model.named_parameters() if name != "b.weight")
    assert {name: set(vars(module)) for name, module in model.named_modules()} == inside
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in model.modules())
    assert (np.random.get_state()[1].tobytes(), random.getstate()) == states[1:]
    torch.set_rng_state(states[0])  # torch's generator gave the weights, in order, and nothing else
    for layer, gain in ((model.a, nl.gain("relu")), (model.b, 1.0)):
        assert torch.equal(layer.weight, torch.empty_like(layer.weight).normal_(0, gain / math.sqrt(8)))


def test_a_forward_pass_that_fails_changes_nothing():
    model = busy()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    x = torch.randn(4, 9)
    generator = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        nl.init_(model, x)
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(generator, torch.get_rng_state())


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_where_gradients_are_off(context):
    model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))
    with context():
        assert gains(nl.init_(model))["0"] == pytest.approx(nl.gain("tanh"))
    model(torch.randn(2, 8)).sum().backward()


def test_other_ways_to_run():
    assert gains(nl.init_(between(torch.tanh).eval()))["a"] == pytest.approx(nl.gain("tanh"))
    half = between(torch.tanh).bfloat16()
    assert gains(nl.init_(half))["a"] == pytest.approx(nl.gain("tanh"))
    assert half.a.weight.dtype == torch.bfloat16
    saved = between(lambda x: checkpoint(torch.tanh, x, use_reentrant=False))
    assert gains(nl.init_(saved))["a"] == pytest.approx(nl.gain("tanh"))
    compiled = torch.compile(between(torch.tanh), backend="eager")
    assert gains(nl.init_(compiled))["_orig_mod.a"] == pytest.approx(nl.gain("tanh"))


def test_lazy_layers():
    model = nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.Tanh(), nn.LazyLinear(2))
    report = nl.init_(model, torch.randn(16, 5))
    assert gains(report) == {"0": pytest.approx(nl.gain("tanh")), "3": 1.0}
    assert not model[1].running_mean.any()
    with pytest.raises(ValueError, match="no parameter of known shape"):
        nl.init_(nn.Sequential(nn.LazyLinear(8)))


# -- inputs -----------------------------------------------------------------------------------------------------


INPUTS = [
    nn.Sequential(nn.Linear(7, 3)),
    nn.Sequential(nn.Linear(7, 3), nn.Flatten(), nn.Linear(24, 2)),  # a sequence
    nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 2)),
    nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1)),
    nn.Sequential(nn.Conv3d(1, 2, 3), nn.ReLU()),
    nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 3)),
    nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)),
    nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 2)),
    nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 2)),
    Net(lambda net, x: net.b(net.a(x)[0]), a=nn.LSTM(3, 4), b=nn.Linear(4, 2)),
    nn.TransformerEncoderLayer(8, 2, 8),
]


@pytest.mark.parametrize("model", INPUTS, ids=lambda model: f"{type(next(model.children())).__name__}")
def test_an_input_is_made_from_the_first_layer(model):
    state = torch.get_rng_state()
    report = nl.init_(model)
    assert report.layers
    assert not [row for row in report.left if "not reached" in row.why]
    torch.set_rng_state(state)
    assert [row.std for row in nl.init_(model).layers] == [row.std for row in report.layers]


def test_where_no_input_can_be_made():
    with pytest.raises(
        ValueError, match=r"no inputs for Bilinear.*does not tell; pass one batch, nl.init_\(model, x\)"
    ):
        nl.init_(nn.Bilinear(3, 3, 2))
    odd = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(77, 3))
    with pytest.raises(
        ValueError, match=r"'0', a Conv2d, suggests the shape .* raised RuntimeError: (addmm: )?mat1 and mat2"
    ):
        nl.init_(odd)
    with pytest.raises(ValueError, match="no parameter of known shape"):
        nl.init_(Net(lambda net, x: x, a=nn.Sequential(nn.LazyLinear(3))))


def test_inputs_as_the_model_takes_them():
    model = Net(lambda net, x, *, y: net.a(x["left"]) + net.b(y), a=nn.Linear(3, 2), b=nn.Linear(4, 2))
    report = nl.init_(model, {"left": torch.randn(2, 3)}, y=torch.randn(2, 4))
    assert gains(report) == dict.fromkeys("ab", pytest.approx(1 / math.sqrt(2)))


def test_bad_input():
    with pytest.raises(TypeError, match=r"init_ got a list: expected an nn.Module"):
        nl.init_([nn.Linear(2, 2)])
    with pytest.raises(ValueError, match=r"what Net returns does not depend on its parameters.*look for no_grad"):
        nl.init_(Net(lambda net, x: net.a(x).detach(), a=nn.Linear(3, 2)))


# -- the report -------------------------------------------------------------------------------------------------


def test_printed():
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.LayerNorm(32), nn.Linear(32, 10))
    lines = str(nl.init_(model)).splitlines()
    assert lines == [
        "2 layers: weights normal, of standard deviation gain / sqrt(fan_in); biases 0",
        "  layer  gain   fan_in  std     because",
        "  0      1.593  64      0.1991  tanh follows",
        "  3      1.000  32      0.1768  output layer",
        "left alone:",
        "  2 (LayerNorm)  weight, bias  normalisation: scale and shift",
    ]


def test_the_report_is_not_taken_for_the_model():
    model = nn.Linear(2, 2)
    report = nl.init_(model)
    assert report.model is model
    with pytest.raises(AttributeError, match=r"no 'parameters': the model is its .model"):
        report.parameters()
    with pytest.raises(TypeError, match=r"call its .model"):
        report(torch.randn(2, 2))


# -- what it is for ---------------------------------------------------------------------------------------------


def factor(model, batch=64):
    """RMS of the gradient at the first layer's output over that at the last's."""
    x = torch.randn(batch, 512)
    signals = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            signals.append(x)
    end = torch.randn_like(x)
    first, last = torch.autograd.grad(x, [signals[0], x], end)
    return float(first.double().square().mean().sqrt() / last.double().square().mean().sqrt())


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "gelu"])
def test_a_deep_network_before_and_after(name):
    """30 layers of 512 units: what torch's own initialisation does to a gradient, and what is left after ours."""
    layers = [part for _ in range(30) for part in (nn.Linear(512, 512), nl.activations[name].module())]
    model = nn.Sequential(*layers, nn.Linear(512, 512))
    before = factor(model)
    assert before < 1e-6
    nl.init_(model)
    last = nl.gain(name)  # the output layer has gain 1 instead
    after = factor(model) * last
    predicted = nl.propagation(name, 30)
    if predicted.warning is None:
        assert (after / predicted.gradient_factor) ** (1 / 30) == pytest.approx(1, abs=0.02)
    assert after > 1e5 * before
    assert 0.1 < after < 100 or name == "sigmoid"
