"""Healthy loops that look wrong at a glance: accumulation, two optimizers, parts that rest, batches of few."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes, numbers
from neurologist.watch.session import watch

PROGRAMS: list = []


def healthy(program):
    PROGRAMS.append(pytest.param(program, id=program.__name__))
    return program


def batches(passes=25, data=classes):
    x, y = data()
    for _ in range(passes):
        for rows in torch.randperm(len(x)).split(64):
            yield x[rows], y[rows]


def classifier(*between):
    return nn.Sequential(nn.Linear(20, 64), *between, nn.ReLU(), nn.Linear(64, 5))


def adam(model, lr=0.005):
    return torch.optim.Adam(model.parameters(), lr=lr)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_alarm(program):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:
        program()
    diagnosis = session.diagnose()
    assert [(f.rule, f.message) for f in diagnosis.findings if f.severity != "info"] == []
    assert diagnosis.not_measured == ()
    assert diagnosis.summary.loss_last < diagnosis.summary.loss_first


# -- gradients that add up on purpose -------------------------------------------------------------------------


@healthy
def accumulation_over_eight():
    model = classifier()
    optimizer = adam(model)
    for i, (x, y) in enumerate(batches(50)):
        (F.cross_entropy(model(x), y) / 8).backward()
        if i % 8 == 7:
            optimizer.step()
            optimizer.zero_grad()


@healthy
def cleared_to_zeros_before_the_step_after():
    model = classifier()
    optimizer = adam(model)
    for x, y in batches():
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        model.zero_grad(set_to_none=False)


@healthy
def two_optimizers_at_different_rhythms():
    """The head steps every time, the body every fourth, with what it has gathered since."""
    body, head = nn.Sequential(nn.Linear(20, 64), nn.ReLU()), nn.Linear(64, 5)
    often, seldom = adam(head), adam(body)
    for i, (x, y) in enumerate(batches()):
        often.zero_grad()
        F.cross_entropy(head(body(x)), y).backward()
        often.step()
        if i % 4 == 3:
            seldom.step()
            seldom.zero_grad()


@healthy
def a_critic_that_the_actor_leaves_gradients_in():
    """As in actor-critic methods: the actor's loss reaches the critic, whose gradients are cleared before its own."""
    actor, critic = nn.Linear(8, 1), nn.Sequential(nn.Linear(9, 64), nn.Tanh(), nn.Linear(64, 1))
    acts, judges = adam(actor), adam(critic)
    for x, y in batches(30, numbers):
        action = actor(x)
        judges.zero_grad()
        reward = y - (action.detach() - x[:, :1]).square()
        F.mse_loss(critic(torch.cat([x, action.detach()], 1)), reward).backward()
        judges.step()
        acts.zero_grad()
        (-0.1 * critic(torch.cat([x, actor(x)], 1)).mean()).backward()
        acts.step()


@healthy
def a_closure_that_clears():
    model = classifier()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)
    x, y = classes()

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    for _ in range(25):
        optimizer.step(closure)
