"""The callables: kinds in and out, errors, modules, and the numbers of the teaching pages."""

import gc
import math
import pickle
import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from neurologist.catalogue import DeclarationError, FormulaError, activations
from neurologist.functional import Function, activation, functions, losses
from neurologist.functional.custom import KEPT

ROWS = [[-1.0, 2.0, -3.0, 4.0], [-2.0, 3.0, -3.0, 9.0]]
SOFTMAX = [[0.0059, 0.1184, 0.0008, 0.8749], [0.0000, 0.0025, 0.0000, 0.9975]]


def test_softmax_of_the_teaching_pages() -> None:
    got = functions["softmax"](np.array(ROWS))
    assert np.round(got, 4).tolist() == SOFTMAX
    assert torch.allclose(functions["softmax"](torch.tensor(ROWS), dim=1), torch.tensor(SOFTMAX), atol=5e-5)
    assert np.allclose(functions["softmax"](np.array(ROWS) + 1000.0), got)
    for scale in (1e4, -1e4):
        assert np.isfinite(functions["softmax"](np.array([scale, 0.0, 1.0]))).all()


def test_slopes_of_the_teaching_pages() -> None:
    assert functions["sigmoid"].derivative(0.0) == 0.25
    assert functions["tanh"].derivative(0.0) == 1.0
    assert functions["leaky_relu"].derivative(-3.0) == 0.01
    assert functions["prelu"].derivative(-3.0, weight=0.4) == 0.4
    assert functions["relu"].derivative(np.array([-1.0, 0.0, 2.0])).tolist() == [0.0, 0.0, 1.0]


def test_mean_squared_and_cross_entropy_values() -> None:
    assert losses["mse"](np.array([2.5, 0.0, 2.0, 8.0]), np.array([3.0, -0.5, 2.0, 7.0])) == 0.375
    assert losses["cross_entropy"](np.zeros((4, 10)), np.arange(4)) == pytest.approx(math.log(10))
    scores, classes = torch.tensor(ROWS), torch.tensor([3, 0])
    assert torch.equal(losses["cross_entropy"](scores, classes), F.cross_entropy(scores, classes))


@pytest.mark.parametrize("name", list(activations))
def test_the_same_kind_comes_back(name: str) -> None:
    function, out = functions[name], (2, int(4 * activations[name].widens))
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        x = torch.randn(2, 4).to(dtype)
        assert function(x).dtype == function.derivative(x).dtype == dtype
        assert function(x).shape == out
        assert function.derivative(x).shape == (2, 4)
    for kind in (np.float16, np.float32, np.float64):
        array = np.ones((2, 4), kind)
        assert function(array).dtype == function.derivative(array).dtype == kind
        assert function(array).shape == out
        assert function.derivative(array).shape == (2, 4)
    assert function(torch.ones(4, dtype=torch.int64)).dtype == torch.float32
    assert function(np.ones(4, int)).dtype == np.float64
    if not activations[name].vector:
        assert isinstance(function(1), float)
        assert isinstance(function(np.float32(1.0)), np.float32)
        assert isinstance(function.derivative(-2.0), float)


@pytest.mark.parametrize(
    "name", [name for name, spec in activations.items() if spec.torch_function and not spec.learnable]
)
def test_agrees_with_torch(name: str) -> None:
    spec, x = activations[name], torch.linspace(-5, 5, 42, dtype=torch.float64)
    extra = {"dim": 0} if spec.vector else {}
    theirs = getattr(F, spec.torch_function)(x, **extra, **spec.torch_arguments)
    assert torch.allclose(functions[name](x, **extra), theirs, rtol=1e-12, atol=1e-14)


def test_vmap_and_grad_of_torch_func() -> None:
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)
    slopes = torch.func.vmap(torch.func.grad(functions["gelu"]))(x)
    assert torch.allclose(slopes, functions["gelu"].derivative(x))


def test_wrong_kinds_say_what_to_use() -> None:
    with pytest.raises(TypeError, match=r"gelu got a list: expected a torch tensor, a NumPy array or a float"):
        functions["gelu"]([1.0, 2.0])
    with pytest.raises(TypeError, match="gelu got a complex tensor"):
        functions["gelu"](torch.ones(2, dtype=torch.complex64))
    with pytest.raises(TypeError, match="softmax got a float: expected a vector"):
        functions["softmax"](1.0)
    with pytest.raises(TypeError, match="'elu' got the parameter 'beta': it has alpha"):
        functions["elu"](1.0, beta=2.0)
    with pytest.raises(TypeError, match="'relu' got the parameter 'inplace': it has no parameters"):
        functions["relu"](torch.ones(2), inplace=True)


def test_slope_without_a_usable_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="slope of 'gelu' got only the output y, which does not determine it"):
        functions["gelu"].slope(y=torch.ones(2))
    with pytest.raises(ValueError, match="got neither input nor output"):
        functions["gelu"].slope()
    assert functions["elu"].slope(y=torch.tensor([-1.0]), alpha=2.0).item() == 1.0


def test_mismatched_targets_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got targets of shape \(4,\) for predictions of shape \(4, 1\)"):
        losses["mse"](torch.ones(4, 1), torch.ones(4))
    with pytest.raises(ValueError, match="got reduction='avg': expected 'mean', 'sum' or 'none'"):
        losses["mse"](torch.ones(4), torch.ones(4), reduction="avg")


def test_modules_learn_where_the_source_does() -> None:
    module = functions["prelu"].module()
    assert [name for name, _ in module.named_parameters()] == ["weight"]
    module(torch.tensor([-2.0, 3.0])).sum().backward()
    assert module.weight.grad.tolist() == [-2.0]
    assert not list(functions["gelu"].module().parameters())
    assert repr(functions["elu"].module(alpha=2.0)) == "ActivationModule(elu, alpha=2)"
    per_channel = functions["prelu"].module(weight=[0.1, 0.2])
    x = torch.randn(3, 2, 4, 4)
    assert torch.allclose(per_channel(x), F.prelu(x, torch.tensor([0.1, 0.2])))
    assert torch.allclose(functions["softmax"].module(dim=1)(torch.tensor(ROWS)).sum(1), torch.ones(2))
    assert pickle.loads(pickle.dumps(module))(torch.tensor([-4.0])).item() == -1.0


def test_rrelu_draws_in_training_and_takes_the_mean_after_it() -> None:
    module, x = functions["rrelu"].module(), torch.full((2000,), -1.0)
    drawn = module(x)
    assert -1 / 3 <= drawn.min() < drawn.max() <= -1 / 8
    assert torch.allclose(module.eval()(x), torch.full_like(x, -11 / 48))


def test_reference_latex_and_plot() -> None:
    assert str(functions["sigmoid"].reference(2.0)).startswith("0.88079707797788")
    assert functions["sigmoid"].latex == r"\frac{1}{1 + e^{-x}}"
    if __import__("importlib.util").util.find_spec("matplotlib") is None:
        with pytest.raises(ImportError, match="plotting 'sigmoid' needs matplotlib"):
            functions["sigmoid"].plot()


def test_your_own_function_from_its_formula() -> None:
    swish = activation("my_swish", "x / (1 + exp(-b*x))", b=1.5)
    x = torch.tensor([0.5, -2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(swish, (x,))
    assert swish(1.0) == pytest.approx(1 / (1 + math.exp(-1.5)))
    assert swish.traits.range.lo == pytest.approx(-0.18564, abs=1e-4)
    with pytest.raises(FormulaError):
        activation("bad", "__import__('os')")
    with pytest.raises(DeclarationError, match="uses c"):
        activation("bad", "c * x")


def test_your_own_function_is_rewritten_where_it_would_overflow() -> None:
    swish = activation("my_swish", "x / (1 + exp(-b*x))", b=1.5)
    assert swish.spec.stable == "x * sigmoid(b * x)"
    assert swish.spec.range.lo_closed
    x = torch.tensor([-1e4, -200.0, 200.0], requires_grad=True)
    swish(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0]
    with pytest.warns(UserWarning, match="'odd': its value is not a number from x = "):
        activation("odd", "exp(x) / exp(x + 1)")
    with pytest.raises(DeclarationError, match="expected a formula in x"):
        activation("bad", "1 + 2")


def test_what_was_made_of_your_own_function_goes_with_it() -> None:
    def use(name: str) -> tuple[weakref.ref[object], Function]:
        mine = activation(name, "x * tanh(b * x)", b=1.5)
        x = torch.ones(3, requires_grad=True)
        mine(x).sum().backward()
        copy = pickle.loads(pickle.dumps(mine))
        mine.module()(x)
        return weakref.ref(mine.spec), copy

    held = [use(f"mine_{i}") for i in range(3)]
    gc.collect()
    assert all(spec() is not None for spec, _ in held)  # a graph may still be read
    for i in range(KEPT):
        activation(f"other_{i}", "x * sin(x)")
    gc.collect()
    assert [spec() for spec, _ in held] == [None] * 3
    x = torch.tensor([0.5])
    assert [copy(x).item() for _, copy in held] == pytest.approx([0.5 * math.tanh(0.75)] * 3)


def test_a_graph_outlives_the_function_that_made_it() -> None:
    x = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    y = activation("short_lived", "x * sin(b * x)", b=1.5)(x)
    gc.collect()
    y.backward()
    assert x.grad.item() == pytest.approx(math.sin(0.75) + 0.75 * math.cos(0.75))


def test_a_copy_of_your_own_function_does_without_it() -> None:
    first = activation("to_be_copied", "x * sin(b * x)", b=1.5)
    second = Function(first.spec)
    x = torch.tensor([0.5])
    expected = first(x)
    del first
    gc.collect()
    assert torch.equal(second(x), expected)
