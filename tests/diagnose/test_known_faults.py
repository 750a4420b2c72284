"""More ways in which users make the same faults: each must be named first, alone, at its line."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.diagnose import Diagnosis
from neurologist.specimens._data import blobs, classes, numbers
from neurologist.watch.session import watch

from .programs import Programs, adam, assert_named_first

FAULTS = Programs()
fault = FAULTS.fault


def fit(model, loss_fn, x, y, lr=0.1, passes=25, optimizer=None):
    # Here, not in `programs`: the line that declares a part of a Sequential is looked for in the file that calls it.
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(passes):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss_fn(model(x[rows]), y[rows]).backward()
            optimizer.step()


def examine(program) -> Diagnosis:
    with watch() as session:
        program()
    return session.diagnose()


@pytest.mark.parametrize(("program", "rule", "cause", "says"), FAULTS)
def test_fault_is_named_first(program, rule, cause, says):
    assert_named_first(examine(program), program, rule, cause, says)


# -- the output and the loss ----------------------------------------------------------------------------------


@fault("double-softmax", "double_softmax")
def softmax_at_the_end_of_a_sequential():
    model = nn.Sequential(
        nn.Linear(20, 64),
        nn.ReLU(),
        nn.Linear(64, 5),
        nn.Softmax(dim=1),  # <- fault
    )
    fit(model, nn.CrossEntropyLoss(), *classes())


@fault("double-softmax", "double_softmax")
def softmax_module_in_forward():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2, self.softmax = nn.Linear(20, 64), nn.Linear(64, 5), nn.Softmax(dim=-1)

        def forward(self, x):
            x = torch.relu(self.fc1(x))
            return self.softmax(self.fc2(x))  # <- fault

    fit(Net(), F.cross_entropy, *classes())


@fault("activation-before-logits-loss", "wrong_output_activation", "relu")
def relu_module_on_logits():
    model = nn.Sequential(
        nn.Linear(20, 64),
        nn.ReLU(),
        nn.Linear(64, 5),
        nn.ReLU(),  # <- fault
    )
    fit(model, nn.CrossEntropyLoss(), *classes(), lr=0.05)


@fault("activation-before-logits-loss", "wrong_output_activation", "sigmoid")
def sigmoid_before_bce_with_logits():
    hidden, out = nn.Linear(4, 16), nn.Linear(16, 1)

    def model(x):
        return torch.sigmoid(out(torch.tanh(hidden(x))))  # <- fault

    both = nn.ModuleList([hidden, out])
    fit(model, F.binary_cross_entropy_with_logits, *blobs(), optimizer=adam(both))


@fault("regression-loss-on-classes", "wrong_loss", "one-hot")
def sigmoid_and_mse_on_one_hot():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.Sigmoid())
    loss_fn = nn.MSELoss()
    fit(model, lambda p, t: loss_fn(p, t), x, F.one_hot(y, 5).float())  # <- fault


@fault("regression-loss-on-classes", "wrong_loss", "0 and 1")
def sigmoid_and_mse_on_yes_and_no():
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    fit(model, lambda p, t: F.mse_loss(p, t), *blobs())  # <- fault


@fault("output-range-excludes-targets", "wrong_output_activation", "exactly 1")
def softmax_over_one_unit():
    model = nn.Sequential(
        nn.Linear(4, 16),
        nn.ReLU(),
        nn.Linear(16, 1),
        nn.Softmax(dim=1),  # <- fault
    )
    fit(model, nn.BCELoss(), *blobs())


@fault("output-range-excludes-targets", "wrong_output_activation", "sigmoid")
def sigmoid_on_unbounded_targets():
    hidden, out = nn.Linear(8, 32), nn.Linear(32, 1)

    def model(x):
        return torch.sigmoid(out(torch.relu(hidden(x))))  # <- fault

    fit(model, nn.L1Loss(), *numbers(), optimizer=adam(nn.ModuleList([hidden, out])))


@fault("missing-output-activation", "missing_output_activation")
def softmax_instead_of_log_softmax():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.Softmax(dim=1))
    fit(model, lambda p, t: F.nll_loss(p, t), *classes())  # <- fault


@fault("target-broadcast", "wrong_target_shape")
def squared_difference_by_hand():
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    fit(model, lambda pred, target: ((pred - target) ** 2).mean(), x, y.flatten(), lr=0.01)  # <- fault


@fault("target-broadcast", "wrong_target_shape")
def mse_loss_that_stretches():
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch's own hint
        fit(model, nn.MSELoss(), x, y.flatten(), lr=0.01)


# -- numbers and data -----------------------------------------------------------------------------------------


@fault("non-finite", "non_finite_data")
def nan_in_the_data():
    x, y = classes()
    x[100, 3] = float("nan")
    fit(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5)), nn.CrossEntropyLoss(), x, y)


@fault("unstable-expression", "unstable_expression")
def square_root_of_zero():
    x, y = numbers()
    x[:40] = 0.0
    encode = nn.Linear(8, 16, bias=False)

    def model(x):
        return torch.sqrt(encode(x).pow(2).sum(1, keepdim=True))  # <- fault

    fit(model, nn.MSELoss(), x, y.abs(), optimizer=adam(encode))


@fault("unstable-expression", "unstable_expression")
def norm_of_a_silent_row():
    embed, out = nn.Linear(20, 4), nn.Linear(4, 5)

    def model(x):
        h = torch.relu(embed(x))
        h = h / h.norm(dim=1, keepdim=True)  # <- fault
        return out(h)

    both = nn.ModuleList([embed, out])
    fit(model, F.cross_entropy, *classes(), optimizer=adam(both))


@fault("unscaled-input", "unscaled_input")
def inputs_times_a_thousand():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 5))
    fit(model, nn.CrossEntropyLoss(), 1000 * x, y)


# -- the start ------------------------------------------------------------------------------------------------


@fault("symmetric-units", "bad_init", "0")
def all_weights_zero():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    fit(model, nn.CrossEntropyLoss(), *classes())


@fault("symmetric-units", "bad_init")
def raw_tensors_filled_with_one_number():
    x, y = classes()
    w1 = torch.full((20, 64), 0.1, requires_grad=True)
    w2 = torch.full((64, 5), 0.1, requires_grad=True)
    fit(lambda x: torch.tanh(x @ w1) @ w2, F.cross_entropy, x, y, optimizer=torch.optim.SGD([w1, w2], lr=0.1))


@fault("dead-units", "bad_init", "biases")
def biases_at_minus_ten():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 5))
    for layer in (model[0], model[2]):
        nn.init.constant_(layer.bias, -10.0)
    fit(model, nn.CrossEntropyLoss(), *classes())


@fault("non-finite", "wrong_hidden_activation")
def exponential_between_layers():
    layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))
    for layer in layers:
        nn.init.normal_(layer.weight)
    out = nn.Linear(8, 1)

    def model(x):
        for layer in layers:
            x = torch.exp(layer(x))  # <- fault
        return out(x)

    fit(model, nn.MSELoss(), *numbers(), optimizer=torch.optim.SGD([*layers.parameters(), *out.parameters()], lr=0.01))


# -- the architecture and the step ----------------------------------------------------------------------------


@fault("linear-collapse", "missing_hidden_activation")
def sequential_of_linears():
    x, y = numbers()
    model = nn.Sequential(
        nn.Linear(8, 64),
        nn.Dropout(0.1),
        nn.Linear(64, 1),  # <- fault
    )
    fit(model, nn.MSELoss(), x[:, 1:2] * x, y, lr=0.01)


@fault("vanishing-gradient", "wrong_hidden_activation")
def sigmoids_in_a_sequential():
    layers = [layer for i in range(7) for layer in (nn.Linear(32 if i else 20, 32), nn.Sigmoid())]
    fit(nn.Sequential(*layers, nn.Linear(32, 5)), nn.CrossEntropyLoss(), *classes(), lr=0.01)


@fault("lr-too-high", "lr_too_high")
def adam_with_a_rate_of_one():
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 5))
    fit(model, nn.CrossEntropyLoss(), x, y, optimizer=adam(model, lr=1.0))


@fault("lr-too-high", "lr_too_high")
def steps_that_kill_every_relu():
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    fit(model, nn.MSELoss(), *numbers(), optimizer=torch.optim.SGD(model.parameters(), lr=1.0))


@fault("lr-too-low", "lr_too_low")
def rate_with_too_many_zeros():
    x, y = numbers()
    model = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 1))
    fit(model, nn.MSELoss(), x, y, lr=0.000001)
