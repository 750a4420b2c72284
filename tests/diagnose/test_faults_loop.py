"""Faults of the training loop itself: what is cleared, stepped, reached and in which mode; each named first, alone."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes, stripes
from neurologist.watch.session import watch

from .programs import Programs, adam, assert_named_first, batches, classifier

FAULTS = Programs()
fault = FAULTS.fault


@pytest.mark.parametrize(("program", "rule", "cause", "says"), FAULTS)
def test_fault_is_named_first(program, rule, cause, says):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:  # the machine's speed must not matter
        program()
    assert_named_first(session.diagnose(), program, rule, cause, says)


# -- gradients that are not cleared ---------------------------------------------------------------------------


@fault("stale-gradient", "stale_gradient")
def never_cleared_with_adam():
    model = classifier()
    optimizer = adam(model)
    for x, y in batches():
        F.cross_entropy(model(x), y).backward()
        optimizer.step()  # <- fault


@fault("stale-gradient", "stale_gradient")
def accumulated_over_four_and_never_cleared():
    model = classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for i, (x, y) in enumerate(batches(50)):
        (F.cross_entropy(model(x), y) / 4).backward()
        if i % 4 == 3:
            optimizer.step()  # <- fault


@fault("stale-gradient", "stale_gradient", "1 of its 5 parameters")
def a_parameter_outside_the_model_that_is_cleared():
    """model.zero_grad() knows nothing of the scale beside the model."""
    model, scale = classifier(), nn.Parameter(torch.ones(5))
    optimizer = torch.optim.Adam([*model.parameters(), scale], lr=0.005)
    for x, y in batches():
        model.zero_grad()
        F.cross_entropy(scale * model(x), y).backward()
        optimizer.step()  # <- fault


@fault("stale-gradient", "stale_gradient", "SGD")
def the_second_optimizer_is_forgotten():
    body, head = nn.Sequential(nn.Linear(20, 64), nn.ReLU()), nn.Linear(64, 5)
    first, second = adam(body), torch.optim.SGD(head.parameters(), lr=0.1)
    for x, y in batches():
        first.zero_grad()
        F.cross_entropy(head(body(x)), y).backward()
        first.step()
        second.step()  # <- fault


# -- parameters that stay as they are -------------------------------------------------------------------------


@fault("parameters-not-in-optimizer", "frozen_parameters", "in no model")
def layers_in_a_plain_list():
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = [nn.Linear(20, 64), nn.Linear(64, 64)]
            self.out = nn.Linear(64, 5)

        def forward(self, x):
            for layer in self.hidden:
                x = torch.relu(layer(x))  # <- fault
            return self.out(x)

    model = Deep()
    optimizer = adam(model)
    for x, y in batches():
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@fault("parameters-not-in-optimizer", "frozen_parameters", "model.1.weight")
def a_layer_replaced_after_the_optimizer_was_made():
    model = classifier(nn.Linear(64, 64))
    optimizer = torch.optim.NAdam(model.parameters(), lr=0.005)  # <- fault
    model[1] = nn.Linear(64, 64)
    for x, y in batches():
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@fault("parameters-not-in-optimizer", "frozen_parameters", "nothing is learnt")
def the_optimizer_of_a_model_that_was_made_anew():
    model = classifier()
    optimizer = torch.optim.RAdam(model.parameters(), lr=0.005)  # <- fault
    model = classifier()
    for x, y in batches():
        optimizer.zero_grad()
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@fault("frozen-parameters", "frozen_parameters", "frozen")
def all_but_the_head_frozen_before_any_training():
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 5))
    for layer in model[:4]:
        layer.requires_grad_(False)
    optimizer = torch.optim.Adam(model[4].parameters(), lr=0.01)
    for x, y in batches():
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@fault("unused-parameters", "frozen_parameters", "cut off")
def through_numpy_and_back():
    encode, head = nn.Linear(20, 64), nn.Linear(64, 5)
    optimizer = torch.optim.Adam([*encode.parameters(), *head.parameters()], lr=0.005)
    for x, y in batches():
        optimizer.zero_grad()
        features = torch.from_numpy(torch.tanh(encode(x)).data.numpy())
        F.cross_entropy(head(features), y).backward()  # <- fault
        optimizer.step()


# -- modes and batches ----------------------------------------------------------------------------------------


@fault("eval-mode-training", "eval_mode_training", "normalises nothing")
def in_evaluation_mode_from_the_start():
    model = nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 5)).eval()
    optimizer = adam(model)
    for x, y in batches():
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@fault("eval-mode-training", "eval_mode_training", "dropout layers (2) off")
def dropout_that_stays_off_after_an_evaluation():
    model = nn.Sequential(nn.Dropout(0.1), nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 5))
    optimizer = adam(model)
    held_out, _ = classes(seed=1)
    for i, (x, y) in enumerate(batches()):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        if i == 20:
            model.eval()
            model(held_out)


@fault("batch-norm-of-few", "batch_norm_of_few", "of 1 examples")
def one_small_image_at_a_time():
    images, y = stripes()
    conv, norm, out = nn.Conv2d(1, 16, 3, 2), nn.BatchNorm2d(16), nn.Linear(16 * 9, 4)
    parts = nn.ModuleList([conv, norm, out])
    optimizer = adam(parts, lr=0.001)
    for i in torch.randint(len(images), (400,)):
        optimizer.zero_grad()
        h = norm(conv(images[i : i + 1]))  # <- fault
        F.cross_entropy(out(F.gelu(h).flatten(1)), y[i : i + 1]).backward()
        optimizer.step()
