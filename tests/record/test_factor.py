"""A loss that the program divides before backward is read as the loss that it is."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import neurologist as nl
from neurologist.record import Run


def train(passes, scaled, softmax=False, loss=F.cross_entropy):
    """Losses as the program itself knows them, and the session."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3), *([nn.Softmax(1)] if softmax else []))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    own = []
    with nl.watch() as session:
        for _ in range(20):
            optimizer.zero_grad()
            for _ in range(passes):
                x = torch.randn(16, 6)
                value = loss(model(x), x[:, :3].argmax(1))
                own.append(value.item())
                scaled(value).backward()
            optimizer.step()
    return own[::passes], session


def read(session):
    return [loss for _, loss in Run(session._store.connection).losses]


@pytest.mark.parametrize(
    ("passes", "scaled"), [(1, lambda loss: loss), (4, lambda loss: loss / 4), (2, lambda loss: 3 * (loss / 2))]
)
def test_it_is_given_undivided(passes, scaled):
    own, session = train(passes, scaled)
    assert read(session) == pytest.approx(own, rel=1e-5)


@pytest.mark.parametrize(
    "scaled",
    [lambda loss: loss**2, lambda loss: 0.5 * loss + 0.1 * loss.detach() * loss, lambda loss: loss * loss.detach()],
)
def test_what_is_no_constant_times_the_loss_is_left_as_it_is(scaled):
    own, session = train(1, scaled)
    assert read(session) == pytest.approx([float(scaled(torch.tensor(value))) for value in own], rel=1e-5)


def test_a_sum_that_is_divided_by_the_number_of_examples_is_a_mean():
    own, session = train(1, lambda loss: loss / 16, loss=lambda z, y: F.cross_entropy(z, y, reduction="sum"))
    assert read(session) == pytest.approx([value / 16 for value in own], rel=1e-5)


def test_a_floor_is_compared_with_the_loss_itself():
    _, session = train(4, lambda loss: loss / 4, softmax=True)
    (finding,) = [f for f in session.diagnose().findings if f.rule == "double-softmax"]
    lowest, floor = (evidence.value for evidence in finding.evidence[:2])
    assert lowest > floor
