"""Numbers of nested tensors, of both layouts, against plain tensors with a mask that keeps sequences apart."""

from __future__ import annotations

import pytest
import torch
from tests.stacks.truth import differences, measured, plain_step, recorded, sgd
from torch import nn
from torch.nn import functional as F

import neurologist as nl
from neurologist.selftest import unchanged
from neurologist.selftest.compare import EveryStep
from neurologist.selftest.net import batch, fit, net
from neurologist.selftest.stacks.nested import HEADS, LENGTHS, attend
from neurologist.tape import nested
from neurologist.watch.session import Session

LAYOUTS = [torch.jagged, torch.strided]
pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype")


def attend_strided(x):
    """As `attend`, with the few functions that know the older layout."""
    heads = x.view(len(LENGTHS), -1, HEADS, 8).transpose(1, 2).contiguous()
    found = F.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2)
    return found.contiguous().reshape(len(LENGTHS), -1, 8 * HEADS)


def attend_masked(x):
    """The same over the rows of a plain tensor."""
    sequence = torch.arange(len(LENGTHS)).repeat_interleave(torch.tensor(LENGTHS))
    heads = x.unflatten(-1, (HEADS, -1)).transpose(0, 1)
    same = sequence[:, None] == sequence
    return F.scaled_dot_product_attention(heads, heads, heads, attn_mask=same).transpose(0, 1).flatten(-2)


def model_of(attention):
    model = net(lambda block, x: block(attention(x)))
    for block in model.blocks:
        block.act = nn.ReLU()  # the older layout has no backward of tanh
    return model


def loss(model, layout, padded):
    x, y = batch()
    out = model(torch.nested.nested_tensor(list(x.split(LENGTHS)), layout=layout))
    if not padded:
        return F.cross_entropy(torch.cat(out.unbind()), y)
    filled = torch.nested.to_padded_tensor(out, 0.0)
    return F.cross_entropy(filled[torch.arange(filled.shape[1]) < torch.tensor(LENGTHS)[:, None]], y)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_numbers(layout, padded):
    model = model_of(attend if layout is torch.jagged else attend_strided)
    optimizer = sgd(model)
    with Session(sampler=EveryStep()) as session:
        plain_step(model, optimizer, lambda model: loss(model, layout, padded))
    assert session.diagnose().not_measured == ()
    found, truth = recorded(session), measured(model_of(attend_masked))
    assert differences(found, truth) == []
    assert set(found) == set(truth)


def test_training_in_the_older_layout_is_unchanged():  # in the other one: see the self-test's stack
    assert unchanged(lambda: fit(model_of(attend_strided), loss=lambda model: loss(model, torch.strided, True)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_nested_parameter(layout):
    """It has no shape, and numbers as any other."""
    parts = list(batch()[0].split(LENGTHS))
    leaf = torch.nested.nested_tensor(parts, layout=layout, requires_grad=True)
    layer, optimizer = nn.Linear(20, 5), torch.optim.SGD([leaf], lr=0.1)
    with Session(sampler=EveryStep()) as session:
        torch.cat(torch.relu(layer(leaf)).unbind()).sum().backward()
        optimizer.step()
    apart = [part.clone().requires_grad_() for part in parts]
    torch.cat([torch.relu(layer(part)) for part in apart]).sum().backward()
    gradient = torch.cat([part.grad for part in apart]).square().mean().sqrt().item()
    found = recorded(session)
    assert session.diagnose().not_measured == ()
    assert found["grad tensor()"] == found["got tensor()"] == pytest.approx(gradient, rel=1e-5)
    assert found["change tensor()"] == pytest.approx(0.1 * gradient, rel=1e-5)


def ragged(layout, *shapes):
    return torch.nested.nested_tensor([torch.randn(shape) for shape in shapes], layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_units_stay_the_last_dimension(layout):
    """All places in a row, whatever stands between; where sequences differ in their features there are no units."""
    x = ragged(layout, (3, 6), (5, 6))
    assert torch.equal(nested.places(x), torch.cat(x.unbind()))
    heads = nested.places(ragged(layout, (3, 2, 4), (5, 2, 4)).transpose(1, 2))
    assert (heads.shape[-1], heads.numel()) == (4, 64)
    assert nested.places(ragged(layout, (3,), (5,))).shape == (8, 1)


def test_layouts_that_are_no_rows_of_places():
    scores = ragged(torch.strided, (3, 3), (5, 5))
    assert nested.places(scores) is None
    assert torch.equal(nested.entries(scores), torch.cat([part.flatten() for part in scores.unbind()]))
    features_first = ragged(torch.jagged, (3, 6), (5, 6)).transpose(1, 2)
    assert torch.equal(nested.places(features_first), torch.cat([part.T for part in features_first.unbind()]))


def test_gaps_between_sequences_are_left_out():
    start, lengths = torch.tensor([1, 0, 2]), torch.tensor([2, 4, 1])
    x = torch.nested.narrow(torch.randn(3, 5, 6), 1, start, lengths, layout=torch.jagged)
    assert nested.places(x).shape == (7, 6)
    assert torch.equal(nested.places(x), torch.cat(x.unbind()))


@pytest.mark.usefixtures("every_step")
def test_what_is_said_of_a_net_of_nested_tensors_is_what_is_said_of_a_plain_one():
    """Units that never fire are counted, in layers whose output has no shape."""

    def found(values):
        model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
        with torch.no_grad():
            model[0].bias.fill_(-30.0)
        optimizer = sgd(model)
        with nl.watch() as session:
            for _ in range(30):
                plain_step(model, optimizer, lambda model: F.cross_entropy(values(model), batch()[1]))
        return [finding.rule for finding in session.diagnose().findings]

    rows = lambda model: model(batch()[0])  # noqa: E731
    apart = lambda model: model(torch.nested.nested_tensor(list(batch()[0].split(LENGTHS)), layout=torch.jagged))  # noqa: E731
    assert "dead-units" in found(rows)
    assert found(lambda model: apart(model).values()) == found(rows)
