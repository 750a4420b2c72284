"""Healthy programs with expressions that could break in floating point, and do not."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import blobs, classes, numbers
from neurologist.watch.session import watch

from .programs import Programs, adam, assert_no_alarm, fit

PROGRAMS = Programs()
healthy = PROGRAMS.healthy


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_alarm(program):
    with watch(budget=1.0) as session:
        program()
    assert_no_alarm(session.diagnose())


def yes_no(lr=0.03):
    """Data on which a network becomes quite sure, and a network."""
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    return model, torch.optim.Adam(model.parameters(), lr=lr)


@healthy
def log_of_a_clamped_probability():
    def loss(p, t):
        p = p.clamp(1e-7, 1 - 1e-7)
        return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()

    model, optimizer = yes_no()
    fit(model, loss, *blobs(), passes=40, optimizer=optimizer)


@healthy
def log_of_a_probability_and_a_small_number():
    def loss(p, t):
        return -(t * torch.log(p + 1e-8) + (1 - t) * torch.log(1 - p + 1e-8)).mean()

    model, optimizer = yes_no()
    fit(model, loss, *blobs(), passes=40, optimizer=optimizer)


@healthy
def log_of_softmax_of_moderate_scores():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.Softmax(dim=1))
    fit(model, lambda p, t: F.nll_loss(p.log(), t), *classes())


@healthy
def softmax_by_hand_with_the_shift():
    x, y = classes()

    def loss(scores, t):
        weights = torch.exp(scores - scores.detach().amax(1, keepdim=True))
        return F.nll_loss(torch.log(weights / weights.sum(1, keepdim=True) + 1e-12), t)

    fit(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5)), loss, 3 * x, y, lr=0.02)


@healthy
def log_sum_exp_by_hand_with_the_shift():
    x, y = classes()

    def loss(scores, t):
        largest = scores.amax(1, keepdim=True)
        total = largest[:, 0] + (scores - largest).exp().sum(1).log()
        return (total - scores.gather(1, t.unsqueeze(1))[:, 0]).mean()

    fit(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5)), loss, 3 * x, y, lr=0.02)


@healthy
def distance_with_a_small_number_in_the_root():
    x, y = numbers()
    x = x.clone()
    x[:40] = 0
    encode = nn.Linear(8, 16, bias=False)
    fit(
        lambda x: torch.sqrt(encode(x).pow(2).sum(1, keepdim=True) + 1e-8),
        nn.MSELoss(),
        x,
        y.abs(),
        optimizer=adam(encode),
    )


@healthy
def directions_of_rows_that_may_be_silent():
    hidden, out = nn.Linear(20, 4), nn.Linear(4, 5)
    both = nn.ModuleList([hidden, out])
    fit(lambda x: out(4 * F.normalize(torch.relu(hidden(x)), dim=1)), F.cross_entropy, *classes(), optimizer=adam(both))


@healthy
def root_mean_squared_error():
    x, y = numbers()
    fit(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)), lambda p, t: F.mse_loss(p, t).sqrt(), x, y)


@healthy
def norms_that_are_zero():
    """The slope of a norm at 0 is taken as 0, not as infinite."""
    x, y = numbers()
    x = x.clone()
    x[:40] = 0
    encode = nn.Linear(8, 16, bias=False)
    fit(lambda x: encode(x).norm(dim=1, keepdim=True), nn.MSELoss(), x, y.abs(), optimizer=adam(encode))


@healthy
def squashed_actions():
    """The log-density of tanh(x), with the small number that policies put into it."""
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))

    def loss(out, t):
        mean, spread = out[:, :1], out[:, 1:].clamp(-3, 1).exp()
        raw = mean + spread * torch.randn_like(mean)
        action = torch.tanh(raw)
        density = -0.5 * ((raw - mean) / spread) ** 2 - spread.log() - torch.log(1 - action.pow(2) + 1e-6)
        return (action - torch.tanh(t)).square().mean() + 0.01 * density.mean()

    fit(model, loss, x, y, lr=0.003)


@healthy
def mean_over_present_entries():
    """Denominators that count, and are never 0."""
    x, y = classes()
    embed, out = nn.Linear(4, 16), nn.Linear(16, 5)
    both = nn.ModuleList([embed, out])

    def model(x):
        steps = x.view(-1, 5, 4)
        weights = torch.sigmoid(embed(steps)[..., :1])
        return out((weights * torch.tanh(embed(steps))).sum(1) / weights.sum(1))

    fit(model, F.cross_entropy, x, y, optimizer=adam(both, lr=0.02))
