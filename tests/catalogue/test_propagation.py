"""What is predicted for deep stacks, against real ones, and where the prediction says that it does not hold."""

import importlib.util
import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import neurologist as nl
from neurologist.catalogue import activations
from neurologist.theory import gain, propagation, resolution_depth, traits
from neurologist.theory.propagation import EPSILON

TORCH = 3**-0.5  # what torch's default for nn.Linear amounts to


@pytest.fixture(scope="module")
def benchmark_module(root):
    """benchmarks/propagation.py."""
    spec = importlib.util.spec_from_file_location("benchmark_propagation", root / "benchmarks" / "propagation.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def measured(benchmark_module):
    """`measured(name, **options)`: predicted and measured factors of each layer, by the benchmark's own means."""
    defaults = {"depth": 10, "width": 256, "batch": 64, "seeds": 3, "norm": None, "residual": False}
    return lambda name, **options: benchmark_module.row(name, SimpleNamespace(**{**defaults, **options}))


def test_deep_stacks_as_published():
    """30 layers of 512 units, 5 seeds, measured elsewhere: 5.75e-13, 11.9, 0.94, 9.9e-17, 2.07e-12."""
    assert propagation("sigmoid", 30).gradient_factor == pytest.approx(5.79e-13, rel=0.01)
    assert propagation("tanh", 30).gradient_factor == pytest.approx(11.6, rel=0.01)
    assert propagation("relu", 30).gradient_factor == pytest.approx(1.0)
    assert propagation("gelu", 30, TORCH).gradient_factor == pytest.approx(1.0e-16, rel=0.02)
    assert propagation("relu", 30, TORCH).gradient_factor == pytest.approx(2.13e-12, rel=0.01)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "elu", "softsign", "sin", "hardtanh"])
def test_within_two_percent_per_layer(measured, name):
    assert traits(activations[name]).q_slope <= 1 + 1e-9
    assert propagation(name, 10).warning is None
    assert abs(measured(name).off) < 0.02


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("norm", [None, "layer", "batch"])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_norms_and_residuals(measured, name, norm, residual):
    row = measured(name, norm=norm, residual=residual, batch=256)
    assert abs(row.off) < 0.02
    predicted, spread = row.predicted.sqrt(), row.mean.sqrt()
    assert float((spread / predicted - 1).abs().max()) < 0.06  # each layer alone, too


def test_signal_of_each_layer():
    rng, width, depth = np.random.default_rng(0), 512, 6
    deep = propagation("gelu", depth, weight_std=1.2, bias_std=0.3, residual=True, start=2.0)
    z = 2.0 * rng.standard_normal((128, width))
    for layer in range(depth):
        assert np.sqrt(np.mean(z**2)) == pytest.approx(deep.signal[layer], rel=0.03)
        bias = 0.3 * rng.standard_normal(width)
        z = z + nl.gelu(z) @ rng.standard_normal((width, width)) * 1.2 / math.sqrt(width) + bias
    assert np.sqrt(np.mean(z**2)) == pytest.approx(deep.signal[depth], rel=0.03)


def test_weights_and_biases_in_their_units():
    assert propagation("identity", 1, weight_std=2.0, bias_std=1.5, start=3.0).signal == (3.0, math.hypot(6.0, 1.5))
    assert propagation("relu", 3, weight_std=2.0).factors == pytest.approx([math.sqrt(2)] * 3)
    assert propagation("tanh", 4).factors == pytest.approx(propagation("tanh", 4, gain("tanh")).factors)
    deep = propagation("tanh", 4, 0.9)
    assert deep.gradient == pytest.approx([math.prod(deep.factors[layer:]) for layer in range(5)])
    assert (deep.depth, len(deep.signal), deep.gradient_factor) == (4, 5, deep.gradient[0])


def test_a_norm_makes_the_size_of_the_weights_irrelevant():
    for norm in ("layer", "batch"):
        small, large = (propagation("tanh", 5, std, norm=norm).factors[1:] for std in (0.1, 10.0))
        assert small == pytest.approx(large)
    # Yang et al. (2019): pi / (pi - 1) for ReLU, whatever the weights
    assert propagation("relu", 3, 0.7, norm="batch").factors[-1] ** 2 == pytest.approx(math.pi / (math.pi - 1))


def test_a_stack_whose_size_is_unstable_is_warned_of(measured):
    for name in ("gelu", "silu", "hardswish"):
        assert "unstable" in propagation(name, 30).warning
    assert "Q'(1) = 1.144" in propagation("gelu", 30).warning
    assert propagation("gelu", 30).drift == pytest.approx(traits(activations["gelu"]).q_slope ** 30)
    assert propagation("gelu", 30, norm="layer").warning is None
    assert propagation("gelu", 30, start=1.1).signal[-1] ** 2 > 2
    assert propagation("tanh", 30, start=1.1).signal[-1] == pytest.approx(1.0)
    assert abs(measured("hardswish", depth=30, width=128).off) > 0.02


def test_a_sample_that_drifts_under_batch_norm_is_warned_of(measured):
    assert "one sample" in propagation("softshrink", 20, norm="batch").warning
    assert propagation("relu", 20, norm="batch").warning is None
    assert abs(measured("softshrink", depth=20, norm="batch", batch=256).off) > 0.02


def test_a_gradient_along_the_signal_that_takes_over_is_warned_of(measured):
    """It changes by Q'(1) per layer, more slowly than the rest."""
    deep, found = propagation("multiquadric", 30), traits(activations["multiquadric"])
    assert "along the signal" in deep.warning
    assert deep.radial == pytest.approx((found.q_slope**2 / found.chi_1) ** 30)
    assert propagation("relu", 30, 2.0).radial == pytest.approx(1.0)
    row = measured("multiquadric", depth=30, width=64, seeds=8)
    assert float(row.mean[:10].sqrt().mean()) == pytest.approx(found.q_slope, rel=0.05)
    assert float(row.mean[-2:].sqrt().mean()) == pytest.approx(found.chi_1**0.5, rel=0.05)
    assert propagation("multiquadric", 3).warning is None


def test_signals_that_end():
    assert "leaves float32 in layer 5" in propagation("repu", 100, start=2).warning
    assert "is 0 from layer 1" in propagation("tanh", 3, weight_std=0).warning
    assert propagation("identity", 3, weight_std=0, bias_std=1).warning is None


@pytest.mark.parametrize(("name", "std"), [("sigmoid", None), ("silu", TORCH), ("tanh", 0.9), ("smelu", None)])
@pytest.mark.parametrize("dtype", EPSILON)
def test_resolution_depth_is_the_first_depth_below_the_resolution(name, std, dtype):
    depth = propagation(name, 1, std).resolution_depth[dtype]
    assert (
        propagation(name, depth, std).gradient_factor < EPSILON[dtype] <= propagation(name, depth - 1, std).gradient[0]
    )
    assert resolution_depth(name, dtype, std) == depth


def test_gradients_that_do_not_fade():
    assert resolution_depth("relu") == math.inf
    assert propagation("tanh", 2).resolution_depth["bfloat16"] == math.inf
    assert propagation("sigmoid", 2, residual=True).resolution_depth["bfloat16"] == math.inf
    assert propagation("tanh", 2, 1.0).resolution_depth["float32"] == math.inf  # as a power of the depth


def test_any_way_to_name_an_activation():
    own = nl.activation("own", "x / (1 + exp(-b*x))", b=1.702)
    expected = propagation("quick_gelu", 5)
    for subject in ("quick_gelu", nl.quick_gelu, nl.quick_gelu.spec, own):
        assert nl.propagation(subject, 5).factors == pytest.approx(expected.factors, rel=1e-9)
        assert nl.gain(subject) == pytest.approx(gain("quick_gelu"), rel=1e-9)
    assert nl.propagation("leaky_relu", 2, negative_slope=1.0).factors == (1.0, 1.0)
    assert nl.propagation(own, 5, b=1.0).signal == nl.propagation("silu", 5).signal


@pytest.mark.parametrize("name", ["glu", "reglu", "swiglu", "maxout", "crelu", "bilinear"])
def test_gated_units(name):
    x = torch.randn(200, 400, dtype=torch.float64, requires_grad=True)
    h = nl.activations[name](x)
    assert float(h.detach().square().mean()) ** -0.5 == pytest.approx(gain(name), rel=0.02)
    weight = torch.randn(h.shape[1], 400, dtype=torch.float64) * gain(name) / math.sqrt(h.shape[1])
    (gradient,) = torch.autograd.grad(h @ weight, x, torch.randn(200, 400, dtype=torch.float64))
    assert float(gradient.square().mean().sqrt()) == pytest.approx(propagation(name, 1).factors[0], rel=0.03)


@pytest.mark.parametrize("name", ["hardshrink", "threshold", "sine_relu", "gelu", "relu"])
def test_stability_of_functions_that_jump(name):
    """Q'(1) by a difference: the jump moves with the signal's size, which no slope shows."""
    up, down = (propagation(name, 1, 1.0, start=q**0.5).signal[1] ** 2 for q in (1.0005, 0.9995))
    middle = propagation(name, 1, 1.0).signal[1] ** 2
    assert traits(activations[name]).q_slope == pytest.approx((up - down) / 0.001 / middle, rel=1e-5)


def test_printed():
    text = str(propagation("sigmoid", 30))
    for part in ("sigmoid, 30 layers, weight_std 1.846", "5.79e-13", "18 (float32), 6 (bfloat16), 9 (float16)"):
        assert part in text
    assert "warning" not in text
    assert "warning: unstable" in str(propagation("gelu", 30, norm=None))
    assert "batch norm, residual" in str(propagation("tanh", 3, norm="batch", residual=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 0}, "depth=0: expected a whole number of layers"),
        ({"depth": 2.5}, "depth=2.5"),
        ({"weight_std": -1.0}, "weight_std=-1.0: expected a standard deviation"),
        ({"bias_std": math.nan}, "bias_std=nan"),
        ({"start": 0.0}, "start=0.0: expected the input's RMS"),
        ({"norm": "group"}, "norm='group': expected None, 'layer' or 'batch'"),
        ({"activation": "softmax"}, "'softmax', which mixes the entries of a vector"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        propagation(**{"activation": "tanh", "depth": 3, **options})


def test_bad_activations():
    with pytest.raises(TypeError, match="propagation got 3 as its activation: expected a name such as 'gelu'"):
        propagation(3, 3)
    with pytest.raises(KeyError, match="nearest are glu, gelu"):
        nl.gain("gleu")
    with pytest.raises(TypeError, match="'tanh' got the parameter 'slope'"):
        propagation("tanh", 3, slope=1.0)
    with pytest.raises(ValueError, match="gain got 'log_softmax', which mixes"):
        nl.gain("log_softmax")
    with pytest.raises(ValueError, match="dtype 'float8': expected one of float32"):
        resolution_depth("tanh", "float8")


def test_the_benchmark_prints_its_tables(benchmark_module, monkeypatch, capsys):
    size = ["--depth", "12", "--width", "64", "--seeds", "2"]
    monkeypatch.setattr(sys, "argv", ["propagation.py", "--names", "tanh", "gelu", "multiquadric", "repu", *size])
    benchmark_module.main()
    text = capsys.readouterr().out
    first, second, third = text.index("12 layers x 64, 2 seeds"), text.index("along the signal"), text.index("unstable")
    assert first < text.index(" tanh ") < second < text.index(" multiquadric ") < third < text.index(" gelu ")
    assert text.splitlines()[-1].startswith("Q'(1) <= 1: 2 functions; outside 2% per layer: multiquadric")


@pytest.mark.parametrize(
    "options", [{"residual": True}, {"residual": True, "norm": "layer"}, {"weight_std": 3.0}], ids=str
)
@pytest.mark.parametrize("name", ["soft_exponential", "square", "repu", "gelu", "geglu"])
def test_a_signal_without_end_is_told_by_the_prediction_alone(name: str, options: dict[str, object]) -> None:
    found = propagation(name, 80, **options)  # NumPy's warnings are errors here
    assert str(found)
    assert all(size == size for size in found.signal) or found.warning
    if not all(size < 1e38 for size in found.signal):
        assert "the signal leaves float32 in layer" in str(found.warning)
