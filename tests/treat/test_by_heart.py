"""`nl.check(..., overfit=True)`: can one batch be learnt by heart, why not, and is everything put back."""

import json
import random
from dataclasses import asdict
from typing import ClassVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import neurologist as nl
from neurologist.diagnose.by_heart import KEY, ByHeart

OF_DATA = {"repeated-batches", "gradient-noise", "stopped-too-early", "unrelated-labels", "class-imbalance"}


def classifier(last=None, drop=0.2):
    torch.manual_seed(0)
    layers = [nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(drop), nn.Linear(64, 5)]
    return nn.Sequential(*layers, *([last] if last is not None else []))


def deep_sigmoid():
    torch.manual_seed(0)
    layers = [part for _ in range(8) for part in (nn.Linear(20, 20), nn.Sigmoid())]
    return nn.Sequential(*layers, nn.Linear(20, 5))


def batch(n=32):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 20, generator=generator), torch.randint(0, 5, (n,), generator=generator)


def adam(model, lr=0.01):
    return torch.optim.Adam(model.parameters(), lr=lr)


def alarms(diagnosis):
    return [finding.rule for finding in diagnosis.findings if finding.severity != "info"]


# -- the verdict ----------------------------------------------------------------------------------------------


def test_labels_drawn_at_random_are_learnt_by_heart():
    model = classifier()
    diagnosis = nl.check(model, F.cross_entropy, batch(), adam(model), overfit=True)
    found = diagnosis.by_heart
    assert found.learnt is True
    assert diagnosis.healthy
    assert diagnosis.findings == ()
    assert (found.examples, found.measure, found.score_last) == (32, "accuracy", 1)
    assert found.loss_last < 0.2 < 1 < found.loss_first
    assert 3 <= found.steps < 200
    said = " ".join(str(diagnosis).split())
    assert f"Learnt one batch of 32 by heart in {found.steps} steps (loss " in said
    assert "The optimizer was" not in said
    assert json.loads(json.dumps(diagnosis.to_dict()))["by_heart"]["learnt"] is True


def test_without_an_optimizer_adam_is_taken_and_named():
    diagnosis = nl.check(classifier(), F.cross_entropy, batch(), overfit=True)
    assert diagnosis.by_heart.learnt is True
    assert "The optimizer was Adam(lr=0.001), as none was given." in " ".join(str(diagnosis).split())


def test_what_cannot_be_learnt_says_why():
    model = deep_sigmoid()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    diagnosis = nl.check(model, F.cross_entropy, batch(), optimizer, overfit=True)
    assert diagnosis.by_heart.learnt is False
    assert not diagnosis.healthy
    assert diagnosis.findings[0].rule == "vanishing-gradient"
    lines = " ".join(str(diagnosis).split())
    assert lines.index("Could not learn one batch of 32 by heart in 200 steps") < lines.index("ROOT CAUSE")


def test_a_second_softmax_is_the_cause_also_where_all_answers_are_right():
    model = classifier(nn.Softmax(dim=1))
    diagnosis = nl.check(model, F.cross_entropy, batch(), adam(model), overfit=True)
    assert diagnosis.by_heart.learnt is not True
    assert alarms(diagnosis) == ["double-softmax"]


def test_a_failure_that_no_rule_explains_is_no_health():
    x, y = batch()
    model = classifier(drop=0.0)
    twice = torch.cat([x, x]), torch.cat([y, (y + 1) % 5])
    diagnosis = nl.check(model, F.cross_entropy, twice, adam(model), overfit=True)
    assert alarms(diagnosis) == []
    assert diagnosis.by_heart.learnt is False
    assert not diagnosis.healthy
    assert "No rule saw why" in " ".join(str(diagnosis).split())
    assert "not learnt by heart" in str(diagnosis)


def test_a_loss_that_is_no_number_ends_it_at_once():
    model = classifier()
    diagnosis = nl.check(model, lambda o, t: F.cross_entropy(o, t) * float("nan"), batch(), adam(model), overfit=True)
    assert diagnosis.by_heart.learnt is False
    assert diagnosis.by_heart.steps < 10
    assert "no finite number" in str(diagnosis)


def test_numbers_are_known_by_what_is_explained():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 64), nn.Tanh(), nn.Linear(64, 1))
    diagnosis = nl.check(model, F.mse_loss, (batch()[0], torch.randn(32, 1)), adam(model), overfit=True)
    assert diagnosis.by_heart.learnt is True
    assert diagnosis.by_heart.measure == "R2"
    assert diagnosis.by_heart.score_last >= 0.99


# -- no false alarm -------------------------------------------------------------------------------------------


def penalised(model):
    return lambda output, target: (
        F.cross_entropy(output, target) + 0.01 * sum(p.square().sum() for p in model.parameters())
    )


LOSSES = {
    "smoothed": lambda model: nn.CrossEntropyLoss(label_smoothing=0.1),
    "weighted": lambda model: nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])),
    "summed": lambda model: nn.CrossEntropyLoss(reduction="sum"),
    "by hand": lambda model: lambda o, t: -torch.log_softmax(o, 1)[torch.arange(len(t)), t].mean(),
    "with a penalty": penalised,
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_with_a_floor_of_its_own_is_no_failure(name):
    model = classifier()
    diagnosis = nl.check(model, LOSSES[name](model), batch(), adam(model, 0.003), overfit=True)
    assert diagnosis.by_heart.learnt is True
    assert alarms(diagnosis) == [] or (name, alarms(diagnosis)) == ("summed", ["summed-loss"])


def test_targets_that_a_loss_leaves_out_do_not_count():
    x, y = batch()
    y[::4] = -100
    model = classifier()
    assert nl.check(model, F.cross_entropy, (x, y), adam(model), overfit=True).by_heart.learnt is True


def test_dropout_is_no_reason_to_fail():
    model = classifier(drop=0.9)  # no pass that trains ever has all answers right
    diagnosis = nl.check(model, F.cross_entropy, batch(), adam(model), overfit=True)
    assert diagnosis.by_heart.learnt is True
    assert diagnosis.healthy
    assert diagnosis.by_heart.score_last == 1


def test_a_batch_of_more_numbers_than_parameters_is_not_held_against_a_model():
    torch.manual_seed(0)
    model = nn.Linear(20, 1)
    found = nl.check(model, F.mse_loss, (torch.randn(64, 20), torch.randn(64, 1)), adam(model), overfit=True)
    assert (found.by_heart.learnt, found.by_heart.why) == (None, "few-parameters")
    assert found.healthy
    assert "take a smaller batch" in " ".join(str(found).split())


def test_too_few_steps_are_no_failure():
    model = classifier()
    found = nl.check(model, F.cross_entropy, batch(), adam(model, 1e-4), overfit=True, steps=20)
    assert (found.by_heart.learnt, found.by_heart.why, found.by_heart.steps) == (None, "more-steps", 20)
    assert "give it more steps" in str(found)


def test_no_rule_speaks_of_what_the_examination_itself_does():
    model = deep_sigmoid()
    diagnosis = nl.check(model, F.cross_entropy, batch(64), adam(model, 1e-5), overfit=True, steps=300)
    said = {f.rule for f in diagnosis.findings} | {s.rule for f in diagnosis.findings for s in f.symptoms}
    assert diagnosis.by_heart.learnt is False
    assert said
    assert not said & OF_DATA


def test_the_users_modes_are_kept():
    class Noting(nn.Linear):
        modes: ClassVar = set()

        def forward(self, x):
            self.modes.add((self.training, torch.is_grad_enabled()))
            return super().forward(x)

    model = nn.Sequential(Noting(20, 64), nn.ReLU(), nn.Linear(64, 5)).eval()
    diagnosis = nl.check(model, F.cross_entropy, batch(), adam(model), overfit=True)
    assert diagnosis.by_heart.learnt is True
    assert Noting.modes == {(False, True)}
    assert not model.training


@pytest.mark.parametrize("learnt", [True, None, False])
def test_of_a_batch_that_is_known_only_the_first_steps_are_examined(learnt):
    model, (x, y) = classifier(), batch()
    optimizer = adam(model)
    with nl.watch(budget=1.0) as session:
        for step in range(12):
            optimizer.zero_grad()
            (F.cross_entropy(model(x), y) * (float("nan") if step == 8 else 1.0)).backward()
            optimizer.step()
        session.facts[KEY] = json.dumps(asdict(ByHeart(learnt, 12)))
    assert bool(alarms(session.diagnose())) is (learnt is False)
    assert session.diagnose().summary.steps == 12


# -- everything is put back -----------------------------------------------------------------------------------


class Messy(nn.Module):
    """Changes all that a model can change in its forward pass."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Linear(20, 16), nn.BatchNorm1d(16), nn.Dropout(0.3))
        self.frozen = nn.Linear(16, 16).requires_grad_(False)
        self.head = nn.Linear(16, 5)
        self.calls, self.seen, self.state = 0, [], torch.zeros(16)
        self.fail_at, self.error = None, None

    def forward(self, x):
        self.calls += 1
        self.seen.append(self.calls)
        self.fresh = self.calls
        np.random.rand()
        random.random()
        if self.calls == self.fail_at:
            raise self.error
        x.mul_(1.0 + 1e-3)
        h = self.body(x)
        self.state += h.detach().mean(0)
        self.frozen.weight.requires_grad_(self.calls % 2 == 0)
        return self.head(torch.relu(self.frozen(h)) + self.state * 1e-3)


class Scaled(nn.Module):
    """A loss with a parameter and a buffer of its own."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, output, target):
        self.count += 1
        return F.cross_entropy(output * self.scale, target)


MAKERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adamw": lambda p: torch.optim.AdamW(p, lr=torch.tensor(0.01), amsgrad=True),
    "lbfgs": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=3),
}


def flat(value, path=""):
    """Everything in a value, as bytes and plain text by its path."""
    if isinstance(value, torch.Tensor):
        whole = value.detach()
        yield path, (id(value), str(value.dtype), value.requires_grad, whole.numpy().tobytes())
        if value.is_leaf and value.grad is not None:
            yield from flat(value.grad, f"{path}.grad")
    elif isinstance(value, dict):
        yield path, (id(value), len(value))
        for key, item in value.items():
            yield from flat(item, f"{path}[{id(key) if isinstance(key, torch.Tensor) else key}]")
    elif isinstance(value, list | tuple):
        yield path, (id(value), len(value))
        for i, item in enumerate(value):
            yield from flat(item, f"{path}[{i}]")
    elif isinstance(value, nn.Module):
        yield from flat(vars(value), path)
    else:
        yield path, repr(value)


def everything(model, optimizer, loss, given):
    parts = {"model": model, "optimizer": vars(optimizer), "loss": loss, "batch": given}
    found = {key: value for name, part in parts.items() for key, value in flat(part, name)}
    numbers = np.random.get_state()
    drawn = {"random": random.getstate(), "numpy": (numbers[1].tobytes(), numbers[2])}
    return {**found, **drawn, "torch": torch.get_rng_state().numpy().tobytes()}


@pytest.mark.parametrize("stepped", [False, True], ids=["fresh", "stepped"])
@pytest.mark.parametrize("error", [None, RuntimeError("lost"), KeyboardInterrupt()], ids=["", "error", "ctrl-c"])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_everything_is_put_back(make, error, stepped):
    model, loss, given = Messy(), Scaled(), batch()
    optimizer = make([p for p in (*model.parameters(), *loss.parameters()) if p.requires_grad])
    if stepped:

        def closure():
            value = loss(model(given[0]), given[1])
            value.backward()
            return value

        optimizer.step(closure)
    model.fail_at, model.error = None if error is None else model.calls + 5, error
    before, hooks = everything(model, optimizer, loss, given), set(dir(nn.Module))
    if error is None:
        assert nl.check(model, loss, given, optimizer, overfit=True, steps=12).by_heart.steps > 0
    else:
        with pytest.raises(type(error)):
            nl.check(model, loss, given, optimizer, overfit=True, steps=12)
    after = everything(model, optimizer, loss, given)
    assert {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)} == set()
    assert set(dir(nn.Module)) == hooks


def test_a_learning_rate_schedule_goes_on_with_the_same_groups():
    model = classifier()
    optimizer = adam(model)
    group = optimizer.param_groups[0]
    nl.check(model, F.cross_entropy, batch(), optimizer, overfit=True, steps=5)
    assert optimizer.param_groups[0] is group
    assert len(optimizer.state) == 0


# -- refusals -------------------------------------------------------------------------------------------------


def test_what_cannot_be_done_is_refused():
    with pytest.raises(ValueError, match="steps=0: expected at least 1"):
        nl.check(classifier(), F.cross_entropy, batch(), overfit=True, steps=0)
    with pytest.raises(ValueError, match=r"has lazy parameters, .*: call the model once"):
        nl.check(nn.Sequential(nn.LazyLinear(5)), F.cross_entropy, batch(), overfit=True)
