"""More ways to make faults of structure: each must be named first, alone, at its line."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import blobs, classes, numbers
from neurologist.watch.session import watch

from .programs import Programs, assert_named_first

FAULTS = Programs()
fault = FAULTS.fault


def fit(model, loss_fn, x, y, lr=0.005, passes=25, optimizer=None):
    # Here, not in `programs`: the line that declares a part of a Sequential is looked for in the file that calls it.
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(passes):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss_fn(model(x[rows]), y[rows]).backward()
            optimizer.step()


@pytest.mark.parametrize(("program", "rule", "cause", "says"), FAULTS)
def test_fault_is_named_first(program, rule, cause, says):
    with watch() as session:
        program()
    assert_named_first(session.diagnose(), program, rule, cause, says)


# -- the dimension of a softmax -------------------------------------------------------------------------------


@fault("wrong-softmax-axis", "wrong_softmax_axis", "64 examples of the batch")
def softmax_over_the_batch_and_a_loss_by_hand():
    hidden, out = nn.Linear(20, 32), nn.Linear(32, 5)

    def model(x):
        return torch.softmax(out(torch.relu(hidden(x))), 0)  # <- fault

    def loss(p, t):
        return -(F.one_hot(t, 5) * torch.log(p + 1e-9)).sum(1).mean()

    fit(model, loss, *classes(), optimizer=torch.optim.Adam([*hidden.parameters(), *out.parameters()], lr=0.01))


@fault("wrong-softmax-axis", "wrong_softmax_axis", "a single output")
def softmax_over_the_batch_instead_of_a_sigmoid():
    model = nn.Sequential(
        nn.Linear(4, 16),
        nn.ReLU(),
        nn.Linear(16, 1),
        nn.Softmax(dim=0),  # <- fault
    )
    fit(model, nn.BCELoss(), *blobs())


@fault("wrong-softmax-axis", "wrong_softmax_axis", "dimension 1")
def soft_targets_of_a_sequence_with_the_classes_last():
    x, y = classes()
    soft = F.one_hot(y, 5).float().unsqueeze(1).repeat(1, 4, 1)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 20), nn.Unflatten(1, (4, 5)))

    def loss(scores, targets):
        return F.cross_entropy(scores, targets)  # <- fault

    fit(model, loss, x, soft)


@fault("wrong-softmax-axis", "wrong_softmax_axis")
def vocabulary_and_time_mixed_up():
    x, y = classes()
    hidden, out = nn.Linear(20, 64), nn.Linear(64, 15)
    both = nn.ModuleList([hidden, out])

    def model(x):
        scores = out(torch.relu(hidden(x))).view(-1, 3, 5)
        return F.log_softmax(scores, dim=1).reshape(-1, 5)  # <- fault

    fit(model, lambda p, t: F.nll_loss(p, t.repeat_interleave(3)), x, y, optimizer=torch.optim.Adam(both.parameters()))


class Attention(nn.Module):
    """Self-attention over five places of four features."""

    def __init__(self, axis: int):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(4, 16) for _ in range(3))
        self.out, self.axis = nn.Linear(80, 5), axis

    def forward(self, x):
        x = x.view(-1, 5, 4)
        scores = self.query(x) @ self.key(x).transpose(1, 2) / 4
        weights = F.softmax(scores, dim=self.axis)
        return self.out((weights @ self.value(x)).flatten(1))


@fault("wrong-softmax-axis", "wrong_softmax_axis", "Examples of the batch")
def attention_over_the_batch():
    fit(Attention(0), F.cross_entropy, *classes())


@fault("wrong-softmax-axis", "wrong_softmax_axis", "dimension 2")
def attention_over_the_queries():
    fit(Attention(1), F.cross_entropy, *classes())


@fault("wrong-softmax-axis", "wrong_softmax_axis", "dimension 1")
def pooling_over_the_batch():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.score, self.value, self.out = nn.Linear(4, 1), nn.Linear(4, 16), nn.Linear(16, 5)

        def forward(self, x):
            x = x.view(-1, 5, 4)
            weights = torch.softmax(self.score(x), dim=0)  # <- fault
            return self.out((weights * self.value(x)).sum(dim=1))

    fit(Net(), F.cross_entropy, *classes())


# -- outputs and classes --------------------------------------------------------------------------------------


@fault("output-units-against-classes", "wrong_loss", "a single one")
def cross_entropy_for_a_real_number():
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    fit(model, lambda p, t: F.cross_entropy(p, t), x, y)  # <- fault


@fault("output-units-against-classes", "wrong_output_units", "5 classes")
def one_sigmoid_for_five_classes():
    x, y = classes()
    model = nn.Sequential(
        nn.Linear(20, 64),
        nn.ReLU(),
        nn.Linear(64, 1),
        nn.Sigmoid(),  # <- fault
    )
    fit(model, nn.MSELoss(), x, y.float().unsqueeze(1))


@fault("output-units-against-classes", "wrong_output_units", "5 classes")
def one_logit_for_five_classes():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1))
    fit(model, lambda p, t: F.binary_cross_entropy_with_logits(p, t), x, y.float().unsqueeze(1))  # <- fault


# -- a softmax over one unit, and probabilities where their logarithms are wanted ---------------------------------


@fault("output-range-excludes-targets", "wrong_output_activation", "exactly 1")
def softmax_over_one_unit_for_a_real_number():
    hidden, out = nn.Linear(8, 16), nn.Linear(16, 1)
    both = nn.ModuleList([hidden, out])

    def model(x):
        return torch.softmax(out(torch.relu(hidden(x))), dim=1)  # <- fault

    fit(model, nn.MSELoss(), *numbers(), optimizer=torch.optim.Adam(both.parameters()))


@fault("missing-output-activation", "missing_output_activation", "probabilities")
def probabilities_into_nll():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.Softmax(dim=-1))
    loss = nn.NLLLoss()
    fit(model, lambda p, t: loss(p, t), *classes())  # <- fault


@fault("missing-output-activation", "missing_output_activation", "raw scores")
def sigmoids_into_nll():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.Sigmoid())
    fit(model, lambda p, t: F.nll_loss(p, t), *classes())  # <- fault


# -- expressions that break -----------------------------------------------------------------------------------


def sure_network(*tail):
    """Separable data, and a network that soon knows them."""
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1), *tail)
    return model, torch.optim.Adam(model.parameters(), lr=0.03)


@fault("unstable-expression", "unstable_expression", "log")
def clamp_whose_bound_rounds_to_one():
    """1 - 1e-9 is 1 in float32."""
    model, optimizer = sure_network(nn.Sigmoid())

    def loss(p, t):
        p = p.clamp(1e-9, 1 - 1e-9)
        return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()  # <- fault

    fit(model, loss, *blobs(), passes=60, optimizer=optimizer)


@fault("unstable-expression", "unstable_expression", "softplus")
def softplus_by_hand():
    x, y = blobs()
    model, _ = sure_network()

    def loss(score, t):
        return (torch.log(1 + torch.exp(score)) - t * score).mean()  # <- fault

    fit(model, loss, x * 3, y, passes=120, optimizer=torch.optim.Adam(model.parameters(), lr=0.1))


@fault("unstable-expression", "unstable_expression", "softmax by hand")
def softmax_by_hand_without_the_shift():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))

    def loss(scores, t):
        weights = torch.exp(scores)  # <- fault
        p = weights / weights.sum(1, keepdim=True)
        return F.nll_loss(torch.log(p + 1e-9), t)

    fit(model, loss, x, y, lr=0.1, passes=60)


@fault("unstable-expression", "unstable_expression", "softmax")
def log_of_softmax_of_sure_scores():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))

    def loss(scores, t):
        return F.nll_loss(torch.log(torch.softmax(30 * scores, 1)), t)  # <- fault

    fit(model, loss, *classes(), lr=0.03)


@fault("unstable-expression", "unstable_expression", "sqrt")
def distance_to_itself():
    """Distances of all pairs, each point's to itself among them."""
    encode = nn.Linear(20, 8)

    def loss(h, t):
        squares = (h.unsqueeze(0) - h.unsqueeze(1)).pow(2).sum(-1)
        apart = torch.sqrt(squares)  # <- fault
        same = (t.unsqueeze(0) == t.unsqueeze(1)).float()
        return (same * apart + (1 - same) * F.relu(2 - apart)).mean()

    fit(encode, loss, *classes())


@fault("unstable-expression", "unstable_expression", "acos")
def angle_of_equal_directions():
    encode = nn.Linear(8, 4)

    def loss(h, t):
        h = F.normalize(h, dim=1)
        angle = torch.acos((h * h.flip(0)).sum(1, keepdim=True))  # <- fault
        return F.mse_loss(angle, t)

    x, y = numbers()
    fit(encode, loss, x[:511], y[:511], optimizer=torch.optim.Adam(encode.parameters()))


@fault("unstable-expression", "unstable_expression", "1 minus an exponential")
def chance_of_at_least_one():
    """1 - exp(-rate) is 0 where the rate underflows or is small; one event is enough to need its logarithm."""
    x, y = blobs()
    model, optimizer = sure_network(nn.ReLU())

    def loss(rate, t):
        return (t * -torch.log(1 - torch.exp(-rate)) + (1 - t) * rate).mean()  # <- fault

    fit(model, loss, x, y, optimizer=optimizer)
