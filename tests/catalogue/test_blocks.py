"""Large tensors are computed in blocks: the same numbers in any layout, and only where that is allowed."""

from __future__ import annotations

import pytest
import torch

import neurologist as nl
from neurologist.functional import blocks


@pytest.fixture
def _small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 16)


@pytest.fixture
def split(monkeypatch, _small_blocks):
    """Counts how many blocks were computed."""
    counted = []
    plain = blocks._flat

    def flat(value, like, order):
        found = plain(value, like, order)
        counted.append(found)
        return found

    monkeypatch.setattr(blocks, "_flat", flat)
    return counted


LAYOUTS = {
    "plain": lambda: torch.randn(3, 5, 7, 11),
    "channels_last": lambda: torch.randn(3, 5, 7, 11).to(memory_format=torch.channels_last),
    "transposed": lambda: torch.randn(30, 40).T,
    "every_other": lambda: torch.randn(60, 40)[::2],
    "expanded": lambda: torch.randn(40, 1).expand(40, 30),
    "float64": lambda: torch.randn(1155, dtype=torch.float64),
    "bfloat16": lambda: torch.randn(1155).bfloat16(),
}


def _value_and_gradient(function, x):
    at = x.detach().requires_grad_()
    value = function(at)
    (gradient,) = torch.autograd.grad(value, at, torch.linspace(0.5, 1.5, x.numel(), dtype=x.dtype).view(x.shape))
    return value, gradient


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["snake", "mish", "prelu"])
def test_blocks_give_the_same_numbers_and_layout(name, layout, monkeypatch):
    torch.manual_seed(0)
    x, function = LAYOUTS[layout](), nl.activations[name]
    whole = _value_and_gradient(function, x)
    monkeypatch.setattr(blocks, "BLOCK", 16)
    pieces = _value_and_gradient(function, x)
    digits = 4 * torch.finfo(x.dtype).eps  # blocks take the sigmoid from torch, a formula computes it elsewhere
    same = {"rtol": digits, "atol": digits}
    torch.testing.assert_close(pieces[0], whole[0], **same)
    torch.testing.assert_close(pieces[1], whole[1], **same)
    assert pieces[0].stride() == whole[0].stride()


@pytest.mark.parametrize("layout", ["plain", "channels_last", "transposed"])
def test_dense_layouts_are_split(layout, split):
    nl.snake(LAYOUTS[layout]())
    assert split
    assert all(piece is not None for piece in split)


@pytest.mark.usefixtures("_small_blocks")
def test_a_learnt_parameter_gets_its_gradient_from_all_blocks():
    torch.manual_seed(0)
    x = torch.randn(500, requires_grad=True)
    alpha = torch.tensor([0.3], requires_grad=True)
    nl.prelu(x, weight=alpha).sum().backward()
    torch.testing.assert_close(alpha.grad, x.detach().clamp(max=0).sum().view(1))


@pytest.mark.usefixtures("_small_blocks")
def test_a_second_derivative_and_vmap_pass_through():
    x = torch.randn(500, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(nl.snake, x[:40].detach().requires_grad_())
    torch.testing.assert_close(torch.func.vmap(nl.snake)(x.view(5, 100)), nl.snake(x.view(5, 100)))


def test_an_empty_tensor_and_a_single_number_are_left_whole(split):
    assert nl.snake(torch.empty(0)).shape == (0,)
    assert nl.snake(torch.tensor(0.5)).shape == ()
    assert not split
