"""Healthy loops that look wrong at a glance: accumulation, two optimizers, parts that rest."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes, numbers
from neurologist.watch.session import watch

from .programs import Programs, adam, assert_no_alarm, batches, classifier

PROGRAMS = Programs()
healthy = PROGRAMS.healthy


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_alarm(program):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:
        program()
    assert_no_alarm(session.diagnose())


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


# -- parameters that rest on purpose --------------------------------------------------------------------------


def taught(passes=6):
    """A classifier that has learnt already, unseen by the examination."""
    model = classifier()
    for x, y in batches(passes):
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= 0.3 * gradient
    return model


def train(model, optimizer, passes=25):
    for x, y in batches(passes):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@healthy
def a_taught_body_that_the_optimizer_does_not_have():
    model = taught()
    model[2] = nn.Linear(64, 5)
    train(model, adam(model[2]))


@healthy
def a_taught_body_that_is_frozen():
    model = taught()
    model[0].requires_grad_(False)
    model[2] = nn.Linear(64, 5)
    train(model, adam(model))


@healthy
def an_input_that_is_optimised_through_a_taught_network():
    model, image = taught(), nn.Parameter(torch.zeros(64, 20))
    optimizer = torch.optim.Adam([image], lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(image), torch.arange(64) % 5).backward()
        optimizer.step()


@healthy
def a_target_that_follows():
    """As in self-distillation: the slow copy never gets a gradient, though it runs with gradients enabled."""
    fast, slow = classifier(), classifier().requires_grad_(False)
    optimizer = adam(fast)
    for x, y in batches():
        optimizer.zero_grad()
        out, soft = fast(x), slow(x).softmax(1)
        (F.cross_entropy(out, y) + 0.1 * F.cross_entropy(out, soft)).backward()
        optimizer.step()
        with torch.no_grad():
            for mine, other in zip(slow.parameters(), fast.parameters(), strict=True):
                mine.lerp_(other, 0.05)


@healthy
def a_random_network_to_predict():
    """As in random network distillation: what is random is the target, on purpose, and no part of what learns."""
    target, predictor = nn.Sequential(nn.Linear(20, 5)).requires_grad_(False), classifier()
    optimizer = adam(predictor)
    for x, _ in batches():
        optimizer.zero_grad()
        F.mse_loss(predictor(x), target(x)).backward()
        optimizer.step()


@healthy
def experts_that_are_never_chosen():
    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate = nn.Linear(20, 64)
            self.experts = nn.ModuleList(nn.Linear(64, 5) for _ in range(4))

        def forward(self, x):
            h = torch.relu(self.gate(x))
            return self.experts[int(x[0, 0] > 0)](h)

    model = Experts()
    train(model, adam(model))


@healthy
def a_part_that_runs_in_some_steps_only():
    model, extra = classifier(), nn.Linear(20, 5)
    optimizer = torch.optim.Adam([*model.parameters(), *extra.parameters()], lr=0.005)
    for i, (x, y) in enumerate(batches()):
        optimizer.zero_grad()
        F.cross_entropy(model(x) + (extra(x) if i % 10 == 9 else 0), y).backward()
        optimizer.step()


@healthy
def a_pooler_whose_output_nobody_reads():
    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.encode, self.pool, self.head = nn.Linear(20, 64), nn.Linear(64, 64), nn.Linear(64, 5)

        def forward(self, x):
            h = torch.relu(self.encode(x))
            return self.head(h), torch.tanh(self.pool(h))

    model = Encoder()
    optimizer = adam(model)
    for x, y in batches():
        optimizer.zero_grad()
        F.cross_entropy(model(x)[0], y).backward()
        optimizer.step()


@healthy
def inputs_that_require_gradients():
    """As in physics-informed networks: the gradient reaches the points, which nobody steps."""
    points, y = numbers()
    points.requires_grad_()
    model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 1))
    optimizer = adam(model)
    for _ in range(100):
        optimizer.zero_grad()
        out = model(points)
        (slope,) = torch.autograd.grad(out.sum(), points, create_graph=True)
        (F.mse_loss(out, y) + 1e-3 * slope.square().mean()).backward()
        optimizer.step()
