"""Healthy programs whose structure looks wrong at a glance: softmax axes, output counts."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import blobs, classes, numbers
from neurologist.watch.session import watch

from .programs import Programs, assert_no_alarm, fit

PROGRAMS = Programs()
healthy = PROGRAMS.healthy


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_alarm(program):
    with watch(budget=1.0) as session:
        program()
    assert_no_alarm(session.diagnose())


# -- the dimension of a softmax -------------------------------------------------------------------------------


@healthy
def softmax_over_both_sides_of_a_similarity():
    """Contrastive pairs: which text belongs to an image, and which image to a text."""
    x, _ = classes()
    towers = nn.ModuleDict({"image": nn.Linear(20, 32), "text": nn.Linear(20, 32)})

    def agree(pairs, _):
        a, b = (F.normalize(towers[name](pairs + 0.1 * torch.randn_like(pairs)), dim=1) for name in ("image", "text"))
        similarity, right = 10 * a @ b.t(), torch.arange(len(pairs))
        rows, columns = F.log_softmax(similarity, dim=1), F.log_softmax(similarity, dim=0)
        return F.nll_loss(rows, right) + F.nll_loss(columns, right)

    fit(lambda pairs: pairs, agree, x, x, optimizer=torch.optim.Adam(towers.parameters(), lr=0.005))


@healthy
def soft_masks_of_images():
    """Targets of shape (N, C, H, W) sum to 1 over the classes, not over the last dimension."""
    x, y = classes()
    soft = 0.9 * F.one_hot(y, 5).float().view(-1, 5, 1, 1).expand(-1, 5, 2, 3) + 0.02
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 30), nn.Unflatten(1, (5, 2, 3)))
    fit(model, nn.CrossEntropyLoss(), x, soft)


def test_one_hot_targets_are_no_numbers_of_classes():
    """Eleven of twelve entries are 0, and none is above 1; not even a note is due."""
    x, y = classes(kinds=12)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 12))
    with watch(budget=1.0) as session:
        fit(model, nn.CrossEntropyLoss(), x, F.one_hot(y, 12).float())
    assert {f.rule for f in session.diagnose().findings} & {"class-imbalance", "output-units-against-classes"} == set()


@healthy
def candidates_ranked_against_each_other():
    """One list per step: the softmax over its rows is right, and so are several right answers among them."""
    x, y = blobs()
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    fit(model, lambda scores, t: -(t / t.sum() * F.log_softmax(scores, dim=0)).sum(), x, y)


@healthy
def attention_pooling_over_the_instances_of_a_bag():
    """The first dimension counts instances of one example, and there is no batch."""
    x, y = classes(rows=512)
    score, head = nn.Sequential(nn.Linear(20, 16), nn.Tanh(), nn.Linear(16, 1)), nn.Linear(20, 5)
    both = nn.ModuleList([score, head])
    optimizer = torch.optim.Adam(both.parameters(), lr=0.01)
    for i in range(256):
        bag = x[2 * i % 512].expand(6, 20) + 0.3 * torch.randn(6, 20)
        weights = torch.softmax(score(bag), dim=0)
        optimizer.zero_grad()
        F.cross_entropy(head((weights * bag).sum(0)).unsqueeze(0), y[2 * i % 512 : 2 * i % 512 + 1]).backward()
        optimizer.step()


@healthy
def attention_with_keys_first_and_time_first():
    """Weights of shape (keys, queries, batch) are added up along their first dimension."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.score, self.value, self.out = nn.Linear(4, 1), nn.Linear(4, 16), nn.Linear(16, 5)

        def forward(self, x):
            steps = x.view(-1, 5, 4).transpose(0, 1)  # (time, batch, features)
            weights = torch.softmax(self.score(steps), dim=0)
            return self.out((weights * torch.tanh(self.value(steps))).sum(dim=0))

    fit(Net(), nn.CrossEntropyLoss(), *classes(), lr=0.02)


@healthy
def channel_gates_before_a_mean_over_time():
    """Gates that sum to 1 over the channels, and a mean over something else: no weights of a mean."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate, self.value, self.out = nn.Linear(4, 8), nn.Linear(4, 8), nn.Linear(40, 5)

        def forward(self, x):
            steps = x.view(-1, 5, 4)
            return self.out((8 * torch.softmax(self.gate(steps), dim=-1) * self.value(steps)).flatten(1))

    fit(Net(), nn.CrossEntropyLoss(), *classes(), lr=0.02)


@healthy
def slots_that_compete_for_inputs():
    """Slot attention: softmax over the slots, then a mean over the inputs."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.slots = nn.Parameter(torch.randn(3, 8))
            self.key, self.value, self.out = nn.Linear(4, 8), nn.Linear(4, 8), nn.Linear(24, 5)

        def forward(self, x):
            steps = x.view(-1, 5, 4)
            shares = torch.softmax(self.slots @ self.key(steps).transpose(1, 2), dim=1)  # (batch, slots, inputs)
            return self.out((shares / shares.sum(-1, keepdim=True) @ self.value(steps)).flatten(1))

    fit(Net(), nn.CrossEntropyLoss(), *classes(), lr=0.02)


@healthy
def log_probabilities_of_a_sequence_flattened():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 15), nn.Unflatten(1, (3, 5)), nn.LogSoftmax(-1))
    fit(model, lambda p, t: F.nll_loss(p.flatten(0, 1), t.repeat_interleave(3)), x, y)


@healthy
def log_probabilities_of_a_sequence_turned():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 15), nn.Unflatten(1, (3, 5)), nn.LogSoftmax(-1))
    fit(model, lambda p, t: F.nll_loss(p.transpose(1, 2), t.unsqueeze(1).expand(-1, 3)), x, y)


# -- outputs and classes --------------------------------------------------------------------------------------


@healthy
def more_outputs_than_classes():
    """A head made for more classes than the data show: wasteful, and it learns."""
    fit(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 40)), nn.CrossEntropyLoss(), *classes())


@healthy
def several_predictions_of_one_number():
    """An ensemble in one network: all outputs share the target of their example."""
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
    fit(model, lambda p, t: F.mse_loss(p, t.expand(-1, 4)), x, y)


@healthy
def one_label_for_every_patch():
    """As in least-squares GANs: all predictions of a batch are to be 1, or all 0."""
    x, y = blobs(rows=256)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))

    def loss(p, t):
        parts = [p[t[:, 0] == label] for label in (0, 1)]
        sure = [F.mse_loss(part, torch.tensor(float(label)).expand_as(part)) for label, part in enumerate(parts)]
        return sum(sure)

    fit(model, loss, x, y)


@healthy
def whole_numbers_on_one_output():
    """Grades from 0 to 5 learnt as amounts."""
    x, y = numbers()
    fit(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)), nn.MSELoss(), x, (y * 2).round().clamp(-2, 3) + 2)


@healthy
def share_of_the_largest_grade():
    """The same on a sigmoid, with targets scaled into its range."""
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
    fit(model, nn.MSELoss(), x, ((y * 2).round().clamp(-2, 3) + 2) / 5)


@healthy
def two_outputs_for_yes_and_no():
    x, y = blobs()
    fit(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2)), nn.CrossEntropyLoss(), x, y[:, 0].long())
