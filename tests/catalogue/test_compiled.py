"""torch.compile reads every function whole, and gives the same numbers; `nl.compiled` is that, fused."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import nn

import neurologist as nl

# While it compiles, torch warns of what torch itself does.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs g++: apt-get install g++")


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def _both(run, *given, backend="aot_eager"):
    """Value and gradient of the first operand, plain and compiled whole."""
    found = []
    for way in (run, torch.compile(run, fullgraph=True, backend=backend)):
        torch.manual_seed(0)
        first = given[0].clone().requires_grad_()
        value = way(first, *given[1:])
        value.mul(torch.linspace(0.5, 1.5, value.numel()).view(value.shape)).sum().backward()
        found.append((value.detach(), first.grad))
    return found


@pytest.mark.parametrize("name", list(nl.activations))
def test_an_activation_compiles_whole(name):
    function = nl.activations[name]
    x = torch.linspace(-9, 9, 32).view(2, 16)
    plain, compiled = _both(lambda x: function(2 * x) + 1, x)
    torch.testing.assert_close(compiled, plain, rtol=1e-6, atol=1e-7)  # hypot has another form there


OPERANDS = {
    "cross_entropy": lambda: (torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 4, 0])),
    "bce_with_logits": lambda: (torch.randn(6, 5), torch.rand(6, 5)),
    "mse": lambda: (torch.randn(6, 5), torch.randn(6, 5)),
    "huber": lambda: (torch.randn(6, 5), torch.randn(6, 5)),
    "focal": lambda: (torch.randn(6, 5), torch.rand(6, 5).round()),
    "dice": lambda: (torch.rand(6, 5), torch.rand(6, 5).round()),
    "kl_div": lambda: (torch.randn(6, 5).log_softmax(1), torch.randn(6, 5).softmax(1)),
}


@pytest.mark.parametrize("name", OPERANDS)
def test_a_loss_compiles_whole(name):
    torch.manual_seed(0)
    plain, compiled = _both(nl.losses[name], *OPERANDS[name]())
    torch.testing.assert_close(compiled, plain, rtol=1e-6, atol=1e-7)


def test_a_module_and_a_learnt_parameter_compile_whole():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nl.prelu.module(), nn.Linear(4, 4), nl.softmax.module(dim=1))
    x, learnt = torch.randn(3, 4), []
    for run in (model, torch.compile(model, fullgraph=True, backend="aot_eager")):
        model.zero_grad()
        run(x)[:, 0].sum().backward()
        learnt.append(next(model[1].parameters()).grad.clone())
    assert learnt[0].abs() > 1e-4
    torch.testing.assert_close(learnt[1], learnt[0])


def test_a_function_of_ones_own_compiles_whole():
    own = nl.activation("compiled_own", "x / (1 + exp(-b*x))", b=1.5)
    plain, compiled = _both(own, torch.linspace(-9, 9, 16))
    torch.testing.assert_close(compiled, plain, rtol=0, atol=0)


@needs_compiler
def test_the_fused_path_gives_the_eager_path_s_numbers():
    x = torch.linspace(-12, 12, 4001)
    for name in ("snake", "mish"):
        function, fused = nl.activations[name], nl.compiled(name)
        found = []
        for way in (function, fused):
            at = x.clone().requires_grad_()
            value = way(at)
            value.sum().backward()
            found.append((value.detach(), at.grad))
        torch.testing.assert_close(found[1], found[0], rtol=2e-6, atol=1e-6)


@needs_compiler
def test_more_functions_than_torch_recompiles_are_compiled_side_by_side(recwarn):
    names = [name for name in nl.activations if not nl.activations[name].spec.vector][:12]
    x = torch.linspace(-2, 2, 9)
    for name in names:
        torch.testing.assert_close(nl.compiled(name)(x), nl.activations[name](x), rtol=1e-5, atol=1e-6)


def test_what_torch_does_in_one_pass_stays_torch_s_own():
    x = torch.randn(5, requires_grad=True)
    assert type(nl.compiled("relu")(x).grad_fn).__name__ == "ReluBackward0"


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: nl.compiled("gelo"), ["gelo", "gelu"]),
        (lambda: nl.compiled(torch.sin), ["compiled got a", "expected an activation or a loss"]),
        (lambda: nl.compiled("snake")(1.0), ["compiled 'snake' got float", "expected tensors"]),
    ],
)
def test_a_wrong_call_says_what_to_do(run, words):
    with pytest.raises((TypeError, KeyError)) as caught:
        run()
    assert all(word in str(caught.value) for word in words)
