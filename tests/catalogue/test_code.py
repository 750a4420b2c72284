"""The code that a user pastes: run as it is printed, in a namespace of its own, and held against the catalogue."""

import numpy as np
import pytest
import torch

from neurologist.catalogue import activations, losses
from neurologist.functional import functions
from neurologist.functional import losses as loss_functions
from neurologist.functional.code import code

FAR = (1000.0, 100.0, 30.0, 9.0)  # beyond, a raw exponential overflows or 1 - tanh(x)^2 is 0
POINTS = np.array([*(-x for x in FAR), -3.1, -1.2, -0.5, 0.0, 0.3, 0.7, 2.4, *reversed(FAR)])
SCORES = np.array([[0.3, -1.2, 2.0, 0.7], [100.0, 0.5, 0.2, -0.1], [3.0, 1000.0, -7.0, 2.0]])
CLOSE = {"rtol": 1e-9, "atol": 1e-300}  # both compute in float64; a wrong word or sign is off by far more
ENTRY_LOSSES = [name for name, spec in losses.items() if not spec.vector]


def pasted(text):
    namespace = {}
    exec(compile(text, "pasted", "exec"), namespace)
    return namespace


def inputs(spec):
    return SCORES if spec.vector else POINTS


@pytest.mark.parametrize("name", activations)
def test_numpy_code_is_the_catalogues_function(name):
    spec, function = activations[name], functions[name]
    made, x = pasted(code(spec)["numpy"]), inputs(activations[name])
    np.testing.assert_allclose(made[name](x), function(x), **CLOSE)
    if f"{name}_derivative" in made:
        np.testing.assert_allclose(made[f"{name}_derivative"](x), function.derivative(x), **CLOSE)
    if not spec.vector:
        assert float(made[name](0.7)) == pytest.approx(function(0.7), rel=1e-12)


@pytest.mark.parametrize("name", activations)
def test_torch_code_has_the_catalogues_value_and_gradients(name):
    spec, function, made = activations[name], functions[name], pasted(code(activations[name])["torch"])
    found = []
    for call in (made[name], function):
        x = torch.tensor(inputs(spec), requires_grad=True)
        learnt = [torch.tensor(spec.parameters[n], dtype=x.dtype, requires_grad=True) for n in spec.learnable]
        y = call(x, **dict(zip(spec.learnable, learnt, strict=True)))
        (y * torch.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).view_as(y)).sum().backward()
        found.append([y.detach(), x.grad, *(parameter.grad for parameter in learnt)])
    for got, want in zip(*found, strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)
    if not spec.vector:
        x = torch.tensor(POINTS)
        np.testing.assert_allclose(made[f"{name}_derivative"](x), function.derivative(x), **CLOSE)


@pytest.mark.parametrize("name", activations)
def test_torch_code_keeps_the_dtype(name):
    spec = activations[name]
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.tensor([[0.5, -1.5, 2.0, -0.25]], dtype=dtype, requires_grad=True)
        y = pasted(code(spec)["torch"])[name](x)
        assert y.dtype is dtype
        y.sum().backward()
        assert x.grad.dtype is dtype


@pytest.mark.parametrize("name", ENTRY_LOSSES)
def test_code_of_a_loss_is_the_catalogues(name):
    spec, loss = losses[name], loss_functions[name]
    made = {language: pasted(text) for language, text in code(spec).items()}
    given = {operand: _inside(spec, operand) for operand in spec.operands}
    want = loss(*given.values(), reduction="none")
    np.testing.assert_allclose(made["numpy"][name](*given.values()), want, **CLOSE)
    found = []
    for call in (made["torch"][name], lambda *values: loss(*values, reduction="none")):
        values = [torch.tensor(value, requires_grad=operand != "t") for operand, value in given.items()]
        call(*values).sum().backward()
        found.append([value.grad for operand, value in zip(given, values, strict=True) if operand != "t"])
    for got, expected in zip(*found, strict=True):
        np.testing.assert_allclose(got, expected, **CLOSE)
    by_first = made["numpy"][f"{name}_derivative"](*given.values())
    np.testing.assert_allclose(np.broadcast_to(by_first, want.shape), found[0][0], **CLOSE)


def test_a_choice_of_whole_numbers_is_a_float():
    made = pasted(code(activations["relu"])["numpy"])
    assert made["relu_derivative"](POINTS).dtype == np.float64


def _inside(spec, operand):
    """Some points of an operand's domain."""
    if operand == "t" and spec.target_kind == "sign":
        return np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    domain = spec.domain(operand)
    low, high = max(domain.lo, -3.0), min(domain.hi, 3.0)
    spread = [0.2, 0.75, 0.5, 0.35, 0.9] if operand == "t" else [0.1, 0.3, 0.62, 0.8, 0.95]
    return low + (high - low) * np.array(spread)


def test_losses_over_vectors_have_none():
    assert code(losses["cross_entropy"]) == {}


@pytest.mark.parametrize("name", [*activations, *ENTRY_LOSSES])
def test_lines_are_short_and_nothing_is_imported_that_is_not_used(name):
    spec = activations.get(name) or losses[name]
    for text in code(spec).values():
        assert max(map(len, text.splitlines())) <= 100
        for module, line in {"math": "import math\n", "torch": "import torch\n", "np": "import numpy as np\n"}.items():
            assert (line in text) == (f"{module}." in text)
