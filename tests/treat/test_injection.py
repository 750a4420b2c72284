"""A treatment injected into a running program does what editing its source would: the same weights, bit by bit."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from importlib import import_module

import pytest
import torch
from tests.treat.programs import blobs, classifier, same, train
from torch import nn
from torch.nn import functional as F
from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers

import neurologist as nl
from neurologist.diagnose import Finding
from neurologist.treat.program import run
from neurologist.treat.seen import Seen
from neurologist.treat.tracing import Tracer
from neurologist.treat.treatment import Treatment, treatments

Model = Callable[[], nn.Module]


def seen(program: Callable[[], object]) -> Seen:
    tracer = Tracer()
    ending = run(program, observer=tracer)
    assert ending.error is None
    found = tracer.finish()
    found.ended, found.steps, found.optimizers = ending.ended, ending.steps, ending.optimizers
    return found


def proposed(slug: str, cause: str, program: Callable[[], object]) -> list[Treatment]:
    return list(treatments()[slug].proposals(Finding("", "", cause, "error", ""), seen(program)))


def one(slug: str, cause: str, program: Callable[[], object]) -> Treatment:
    return proposed(slug, cause, program)[0]


def sgd(model: nn.Module, lr: float = 0.1, **options: float) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=lr, **options)


class Functional(nn.Module):
    """Calls everything as a function."""

    def __init__(self, hidden: Callable[[torch.Tensor], torch.Tensor], last: Callable[[torch.Tensor], torch.Tensor]):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = nn.Linear(6, 16), nn.Linear(16, 4)
        self.hidden, self.last = hidden, last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.two(self.hidden(self.one(x))))


def nothing(x: torch.Tensor) -> torch.Tensor:
    return x


MODELS: dict[str, tuple[str, str, Model, Model]] = {
    "no softmax, module": ("remove-activation", "double_softmax", lambda: classifier(nn.Softmax(1)), classifier),
    "no softmax, function": (
        "remove-activation",
        "double_softmax",
        lambda: Functional(torch.relu, lambda s: F.softmax(s, dim=1)),
        lambda: Functional(torch.relu, nothing),
    ),
    "no softmax, method": (
        "remove-activation",
        "double_softmax",
        lambda: Functional(torch.relu, lambda s: s.softmax(-1)),
        lambda: Functional(torch.relu, nothing),
    ),
    "no relu on logits": ("remove-activation", "wrong_output_activation", lambda: classifier(nn.ReLU()), classifier),
    "relu for sigmoid": (
        "replace-activation",
        "wrong_hidden_activation",
        lambda: classifier(hidden=nn.Sigmoid),
        classifier,
    ),
    "relu for exp, function": (
        "replace-activation",
        "wrong_hidden_activation",
        lambda: Functional(torch.exp, nothing),
        lambda: Functional(torch.relu, nothing),
    ),
    "relu inserted": (
        "insert-activation",
        "missing_hidden_activation",
        lambda: classifier(hidden=nn.Identity),
        classifier,
    ),
    "batch normalisation": (
        "normalise",
        "too_deep",
        classifier,
        lambda: classifier(hidden=lambda: nn.Sequential(nn.BatchNorm1d(16, affine=False), nn.ReLU())),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_treated_model_is_the_edited_model(name):
    slug, cause, sick, healthy = MODELS[name]
    treatment = one(slug, cause, lambda: train(model := sick(), sgd(model)))
    with nl.treat(treatment):
        treated = train(model := sick(), sgd(model))
    edited = train(model := healthy(), sgd(model))
    assert same(treated.model, edited.model)
    assert treated.losses == edited.losses
    # it keeps the change after the block, as the edit would, and in a copy
    for model in (treated.model.eval(), copy.deepcopy(treated.model)):
        assert torch.equal(model(treated.x), edited.model.eval()(treated.x))
        assert torch._C._len_torch_function_stack() == 0


def test_the_untreated_model_would_differ():
    sick, healthy = (train(model, sgd(model)) for model in (classifier(nn.Softmax(1)), classifier()))
    assert not same(sick.model, healthy.model)


STEPS = {
    "lower": ("learning-rate", "lr_too_high", {"lr": 1.0}, lambda m: sgd(m, 0.1)),
    "no weight decay": ("lower-weight-decay", "over_regularised", {"weight_decay": 0.5}, lambda m: sgd(m, 0.1)),
    "Adam": ("adam", "lr_too_low", {"lr": 0.1}, lambda m: torch.optim.Adam(m.parameters(), lr=0.001)),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_treated_step_is_the_edited_step(name):
    slug, cause, options, edit = STEPS[name]
    sick = lambda: train(model := classifier(), sgd(model, **options))  # noqa: E731
    with nl.treat(one(slug, cause, sick)):
        treated = sick()
    model = classifier()
    assert same(treated.model, train(model, edit(model)).model)
    for key, value in options.items():
        assert treated.optimizer.param_groups[0][key] == value  # the program's own options are as it left them


def test_a_schedule_keeps_its_shape():
    def program(lr: float) -> nn.Module:
        model = classifier()
        optimizer = sgd(model, lr)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        x, y = blobs()
        for _ in range(5):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            schedule.step()
        return model

    with nl.treat(treatments()["learning-rate"](0.5)):
        treated = program(0.8)
    assert same(treated, program(0.4))


def numbers() -> tuple[torch.Tensor, torch.Tensor]:
    x, _ = blobs()
    return x, x.sum(1)


def regression() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))


LOSSES = {
    "targets' shape": (
        "match-target-shape",
        "wrong_target_shape",
        lambda: train(m := regression(), sgd(m, 0.01), F.mse_loss, numbers()),
        lambda: train(m := regression(), sgd(m, 0.01), lambda o, y: F.mse_loss(o, y[:, None]), numbers()),
    ),
    "the mean": (
        "mean-reduction",
        "wrong_loss_reduction",
        lambda: train(m := classifier(), sgd(m), lambda o, y: F.cross_entropy(o, y, reduction="sum")),
        lambda: train(m := classifier(), sgd(m)),
    ),
    "the other sign": (
        "flip-sign",
        "flipped_gradient_sign",
        lambda: train(m := classifier(), sgd(m), lambda o, y: -F.cross_entropy(o, y)),
        lambda: train(m := classifier(), sgd(m)),
    ),
    "no penalty": (
        "lower-weight-decay",
        "over_regularised",
        lambda: train(m := classifier(), sgd(m), lambda o, y: F.cross_entropy(o, y) + m[0].weight.abs().sum()),
        lambda: train(m := classifier(), sgd(m)),
    ),
    "cross-entropy for squared error": (
        "fitting-loss",
        "wrong_loss",
        lambda: train(m := classifier(), sgd(m), lambda o, y: F.mse_loss(o, F.one_hot(y, 4).float())),
        lambda: train(m := classifier(), sgd(m), lambda o, y: F.cross_entropy(o, F.one_hot(y, 4).float())),
    ),
    "squared error for a loss written by hand": (
        "fitting-loss",
        "wrong_loss",
        lambda: train(m := regression(), sgd(m, 0.01), lambda o, y: (o[:, 0] - y).abs().sqrt().mean(), numbers()),
        lambda: train(m := regression(), sgd(m, 0.01), lambda o, y: (o - y[:, None]).pow(2).mean(), numbers()),
    ),
    "softmax axis": (
        "softmax-axis",
        "wrong_softmax_axis",
        lambda: train(m := classifier(nn.LogSoftmax(0)), sgd(m), F.nll_loss),
        lambda: train(m := classifier(nn.LogSoftmax(1)), sgd(m), F.nll_loss),
    ),
    "cross-entropy for nll_loss on scores": (
        "fitting-loss",
        "missing_output_activation",
        lambda: train(m := classifier(), sgd(m), F.nll_loss),
        lambda: train(m := classifier(), sgd(m), F.cross_entropy),
    ),
}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", LOSSES)
def test_a_treated_loss_is_the_edited_loss(name):
    slug, cause, sick, healthy = LOSSES[name]
    with nl.treat(one(slug, cause, sick)):
        treated = sick()
    edited = healthy()
    plain = sick()
    for a, b in zip(treated.model.parameters(), edited.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    assert not same(plain.model, edited.model)


def test_standardised_inputs_stay_with_the_model():
    x, y = blobs()
    data = (x * 300 + 50, y)
    sick = lambda: train(m := classifier(), sgd(m), data=data)  # noqa: E731
    treatment = one("standardise-input", "unscaled_input", sick)
    with nl.treat(treatment):
        treated = sick()
    mean, std = data[0].mean(0), data[0].std(0, correction=0)
    edited = train(m := classifier(), sgd(m), data=((data[0] - mean) / std, y))
    torch.testing.assert_close(treated.model(data[0]), edited.model((data[0] - mean) / std), rtol=1e-3, atol=1e-3)


def test_standardised_targets_leave_the_models_units():
    x, y = numbers()
    data = (x, y[:, None] * 100 + 500)
    sick = lambda: train(m := regression(), sgd(m, 0.01), F.mse_loss, data, epochs=30)  # noqa: E731
    with nl.treat(one("standardise-target", "unscaled_target", sick)):
        treated = sick()
    error = (treated.model(x) - data[1]).pow(2).mean() / data[1].var()
    assert error < 0.1
    assert treated.losses[-1] < 0.2  # in units of the standardised targets


def test_dropout_removed_still_draws():
    def program() -> torch.Tensor:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.9), nn.Linear(16, 4))
        train(model, sgd(model), epochs=2)
        return torch.rand(3)

    with nl.treat(one("less-dropout", "too_much_dropout", program)):
        treated = program()
    assert torch.equal(treated, program())


def test_new_weights_leave_the_programs_random_numbers_alone():
    def program() -> torch.Tensor:
        train(m := classifier(), sgd(m), epochs=1)
        return torch.rand(3)

    with nl.treat(one("re-initialise", "bad_init", program)):
        treated = program()
    assert torch.equal(treated, program())


def test_gradients_are_cleared_and_parameters_unfrozen():
    def program(clear: bool, freeze: bool = False) -> nn.Module:
        model = classifier()
        model[0].requires_grad_(not freeze)
        optimizer = sgd(model, 0.05)
        x, y = blobs()
        for _ in range(10):
            if clear:
                optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        return model

    with nl.treat(treatments()["clear-gradients"]()):
        cleared = program(clear=False)
    assert same(cleared, program(clear=True))
    with nl.treat(treatments()["unfreeze"]()):
        free = program(clear=True, freeze=True)
    assert same(free, program(clear=True))


def test_a_control_arm_changes_nothing_and_leaves_nothing():
    def counts() -> list[int]:
        tables = (modules._global_forward_pre_hooks, modules._global_forward_hooks)
        steps = (optimizers._global_optimizer_pre_hooks, optimizers._global_optimizer_post_hooks)
        return [*map(len, tables), *map(len, steps), torch._C._len_torch_function_stack()]

    before = counts()
    found: list[object] = []
    run(lambda: found.append(train(m := classifier(nn.Dropout(0.5)), sgd(m))), observer=Tracer())
    plain = train(m := classifier(nn.Dropout(0.5)), sgd(m))
    assert same(found[0].model, plain.model)
    assert found[0].losses == plain.losses
    assert counts() == before


def test_an_error_in_the_program_takes_everything_out():
    def program() -> None:
        model = classifier()
        model(torch.ones(3, 5))

    ending = run(program)
    assert "shapes cannot be multiplied" in (ending.error or "")
    assert torch._C._len_torch_function_stack() == 0
    assert run(lambda: train(m := classifier(), sgd(m))).error is None


def test_a_trial_ends_after_its_steps():
    ending = run(lambda: train(m := classifier(), sgd(m), epochs=100), steps=7)
    assert (ending.steps, ending.ended, ending.error) == (7, False, None)
    assert run(lambda: train(m := classifier(), sgd(m), epochs=1), steps=700).ended


def test_a_treated_model_can_be_pickled():
    with nl.treat(treatments()["standardise-input"](torch.zeros(6), torch.ones(6) * 2, whole=False)):
        treated = train(m := classifier(), sgd(m))
    again = pickle.loads(pickle.dumps(treated.model))
    assert torch.equal(again(treated.x), treated.model(treated.x))


def test_treating_with_nothing_is_said():
    with pytest.raises(TypeError, match=r"expected cure\.best; it is None where nothing cured"):
        nl.treat(None)


def test_large_predictions_are_not_piled_up(monkeypatch):
    arm, tracing = (import_module(f"neurologist.treat.{name}") for name in ("arm", "tracing"))
    monkeypatch.setattr(arm, "HELD", 3 * (64 * 4 + 64 + 64 * 6))
    monkeypatch.setattr(tracing, "HELD", 500)
    tracer = Tracer()
    ending = run(lambda: train(m := classifier(), sgd(m)), observer=tracer)
    assert len(ending.batches) == 3
    assert tracer._batches == []
    assert len(tracer.scores) == ending.steps == 60
    whole = Tracer()
    monkeypatch.setattr(tracing, "HELD", 10**9)
    run(lambda: train(m := classifier(), sgd(m)), observer=whole)
    whole.finish()
    assert tracer.scores == whole.scores
