"""Healthy programs that look sick at a glance: none of them gets an error or a warning."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import blobs, classes, numbers, stripes, tags
from neurologist.watch.session import watch

from .programs import Programs, assert_no_alarm, fit

PROGRAMS = Programs()
healthy = PROGRAMS.healthy


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_alarm(program):
    with watch() as session:
        program()
    assert_no_alarm(session.diagnose())


@healthy
def log_softmax_twice():
    """The second one changes nothing: log-probabilities are normalised already."""
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.LogSoftmax(dim=1))
    fit(model, nn.CrossEntropyLoss(), *classes())


@healthy
def log_softmax_and_nll():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.LogSoftmax(dim=1))
    fit(model, nn.NLLLoss(), *classes())


@healthy
def sigmoid_and_bce():
    fit(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid()), nn.BCELoss(), *blobs())


@healthy
def bce_with_a_sure_network():
    """Separable data drive the sigmoid far into its tails, and rightly."""
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    fit(model, nn.BCEWithLogitsLoss(), *blobs(), lr=0.02, passes=40)


@healthy
def autoencoder_with_a_sigmoid():
    """Squared error behind a sigmoid, on pixels: real numbers from 0 to 1, not classes."""
    images = stripes()[0].flatten(1).clamp(0, 1)
    model = nn.Sequential(
        nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 8), nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 64)
    )
    fit(nn.Sequential(model, nn.Sigmoid()), nn.MSELoss(), images, images)


@healthy
def tanh_for_bounded_targets():
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh())
    fit(model, nn.MSELoss(), x, y / y.abs().max() * 0.95)


@healthy
def softplus_for_positive_targets():
    x, y = numbers()
    fit(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Softplus()), nn.MSELoss(), x, y.exp())


@healthy
def linear_regression():
    x, _ = numbers()
    fit(nn.Linear(8, 1), nn.MSELoss(), x, x @ torch.randn(8, 1), lr=0.05)


@healthy
def low_rank_layer():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 4, bias=False), nn.Linear(4, 64), nn.ReLU())
    fit(nn.Sequential(model, nn.Linear(64, 5)), nn.CrossEntropyLoss(), *classes())


@healthy
def attention_over_features():
    """A softmax in the middle of a network is no softmax at its end."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.value, self.out = nn.Linear(20, 20), nn.Linear(20, 20), nn.Linear(20, 5)

        def forward(self, x):
            return self.out(torch.softmax(self.query(x), dim=-1) * self.value(x))

    fit(Net(), nn.CrossEntropyLoss(), *classes(), lr=0.02)


@healthy
def soft_targets():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.GELU(), nn.Linear(64, 5))
    fit(model, nn.CrossEntropyLoss(), x, 0.9 * F.one_hot(y, 5) + 0.02)


@healthy
def distillation():
    x, y = classes()
    teacher = torch.softmax(4.0 * F.one_hot(y, 5), dim=1)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    fit(model, lambda p, t: F.kl_div(F.log_softmax(p, dim=1), t, reduction="batchmean"), x, teacher)


@healthy
def many_tags():
    fit(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 6)), nn.BCEWithLogitsLoss(), *tags())


@healthy
def zero_output_layer():
    """Only the last layer starts at 0: its units get different gradients at once."""
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    nn.init.zeros_(model[2].weight)
    nn.init.zeros_(model[2].bias)
    fit(model, nn.CrossEntropyLoss(), *classes())


@healthy
def residual_blocks_that_start_at_zero():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(32, 64), nn.Linear(64, 32)
            nn.init.zeros_(self.down.weight)

        def forward(self, x):
            return x + self.down(F.gelu(self.up(x)))

    fit(nn.Sequential(nn.Linear(20, 32), Block(), Block(), nn.Linear(32, 5)), nn.CrossEntropyLoss(), *classes())


@healthy
def raw_pixels_into_batch_norm():
    images, labels = stripes()
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 4))
    fit(model, nn.CrossEntropyLoss(), 255 * images.clamp(0, 1), labels)


@healthy
def recurrent_network():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = nn.LSTM(8, 32, batch_first=True), nn.Linear(32, 4)

        def forward(self, x):
            return self.out(self.lstm(x.squeeze(1))[0][:, -1])

    fit(Net(), nn.CrossEntropyLoss(), *stripes(), lr=0.01)


@healthy
def warm_up():
    """A learning rate that starts near 0 on purpose."""
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 60))
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()


@healthy
def squared_error_with_a_shape_that_broadcasts_rightly():
    """A bias of shape (1,) and one weight per output are meant to stretch."""
    x, y = numbers()
    y = torch.cat([y, -y], dim=1)
    weights = torch.tensor([1.0, 2.0])
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    fit(model, lambda p, t: (weights * (p - t) ** 2).mean(), x, y)
