"""What is noted of parameters beside their gradients: what `.grad` held, which of them rest, how models ran."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.record import Run
from neurologist.watch.sampler import Spaced
from neurologist.watch.session import Session


def watched(program) -> Run:
    with Session(sampler=Spaced(1.0)) as session:
        program()
    assert session.diagnose().not_measured == ()
    return Run(session._store.connection)


def carried(run: Run, name: str) -> dict[int, float | None]:
    parameter = next(p for p in run.parameters.values() if p.name == name)
    return {row["step"]: row["carried"] for row in run.rows("weights", parameter)}


def sgd(*parameters, lr=0.01):
    return torch.optim.SGD(parameters, lr=lr)


# -- what gradients hold --------------------------------------------------------------------------------------


def test_what_is_carried_against_the_gradient_of_the_step_before():
    w, left = nn.Parameter(torch.tensor([1.0, -2.0])), {}

    def program():
        optimizer = sgd(w)
        for step in range(4):
            left[step] = None if w.grad is None else float(w.grad.double().square().mean().sqrt())
            if step == 2:
                optimizer.zero_grad()
                left[2] = 0.0
            w.square().sum().backward()
            optimizer.step()

    found = carried(watched(program), "w")
    assert found[0] is None
    assert {step: found[step] for step in (1, 2, 3)} == pytest.approx({step: left[step] for step in (1, 2, 3)})
    assert found[1] > 0


def test_what_is_carried_is_known_only_right_after_the_parameter_s_own_step():
    fast, slow = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))

    def program():
        often, seldom = sgd(fast), sgd(slow)
        for step in range(4):
            often.zero_grad()
            (fast * slow).square().sum().backward()
            often.step()
            if step == 1:
                seldom.step()

    run = watched(program)
    assert carried(run, "fast") == {0: None, **dict.fromkeys(range(1, 4), 0.0)}
    found = carried(run, "slow")
    assert [step for step, value in found.items() if value is not None] == [2]
    assert found[2] > 0


def test_what_is_cleared_between_two_passes_of_a_step_is_not_carried():
    w = nn.Parameter(torch.ones(2))

    def program():
        optimizer = sgd(w)
        for _ in range(3):
            w.sum().backward()  # a look at the gradient, no part of the step
            optimizer.zero_grad()
            w.square().sum().backward()
            optimizer.step()

    assert list(carried(watched(program), "w").values()) == [None, 0.0, 0.0]


def test_entries_that_a_step_leaves_as_they_were():
    w = nn.Parameter(torch.tensor([1.0, 1.0, 1e-3, 5.0], dtype=torch.bfloat16))

    def program():
        (w * torch.tensor([1.0, 0.0, 1.0, 1.0])).sum().backward()
        sgd(w, lr=1e-3).step()

    run = watched(program)
    (row,) = run.rows("weights", next(iter(run.parameters.values())))
    assert row["still"] == pytest.approx(2 / 3)  # of the three with a gradient, 1 and 5 are too large to move


# -- parameters at rest ---------------------------------------------------------------------------------------


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.cut, self.frozen, self.head = nn.Linear(3, 4), nn.Linear(4, 4).requires_grad_(False), nn.Linear(4, 2)
        self.dangling, self.unused = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x):
        out = self.head(self.frozen(self.cut(x).detach()))
        self.dangling(out)
        return out


def rest(steps=3):
    model, slow = Parts(), nn.Linear(2, 2).requires_grad_(False)

    def program():
        optimizer = sgd(*model.parameters())
        for _ in range(steps):
            optimizer.zero_grad()
            slow(model(torch.randn(5, 3))).square().sum().backward()
            optimizer.step()
            with torch.no_grad():
                slow.weight.mul_(0.9)

    return {r.name: r for r in watched(program).resting}, model


def test_parameters_that_no_backward_pass_reached():
    found, model = rest()
    layers = {name.split(".")[1] if name.startswith("model") else name.split(".")[0] for name in found}
    assert layers == {"cut", "frozen", "dangling", "unused", "slow"}
    of = {name: found[f"model.{name}.weight"] for name in ("cut", "frozen", "dangling", "unused")}
    assert {name for name, r in of.items() if r.called} == {"cut", "frozen", "dangling"}
    assert {name for name, r in of.items() if r.ahead} == {"cut", "frozen"}
    assert {name for name, r in of.items() if not r.trainable} == {"frozen"}
    assert all(r.optimizer is not None and not r.changed for r in of.values())
    assert (found["slow.weight"].optimizer, found["slow.weight"].changed) == (None, True)
    assert of["frozen"].shape == (4, 4)
    weight = model.frozen.weight.double()
    assert of["frozen"].high == pytest.approx(float(weight.abs().max()))
    assert of["frozen"].rms == pytest.approx(float(weight.square().mean().sqrt()))


def test_a_parameter_that_is_reached_later_rests_no_more():
    model = nn.ModuleList([nn.Linear(3, 1), nn.Linear(3, 1)])

    def program():
        optimizer = sgd(*model.parameters())
        for step in range(4):
            model[step // 2](torch.randn(4, 3)).sum().backward()
            optimizer.step()

    assert watched(program).resting == []


def test_a_pass_without_gradients_is_no_call():
    model, teacher = nn.Linear(3, 2), nn.Linear(3, 2)

    def program():
        optimizer = sgd(*model.parameters())
        for _ in range(2):
            x = torch.randn(4, 3)
            with torch.no_grad():
                target = teacher(x)
            F.mse_loss(model(x), target).backward()
            optimizer.step()

    assert watched(program).resting == []


def test_an_optimizer_that_steps_late_is_still_known_to_step_its_parameters():
    early, late = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))

    def program():
        first, second = sgd(early), sgd(late)
        for step in range(4):
            (early * late).sum().backward()
            first.step()
            if step == 2:
                second.step()

    run = watched(program)
    assert {p.name: p.optimizer for p in run.parameters.values()} == {"early": 1, "late": 2}


# -- modes ----------------------------------------------------------------------------------------------------


def test_modes_of_the_calls_that_backward_reached():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.1), nn.Dropout(0.0), nn.Linear(4, 1))

    def program():
        optimizer = sgd(*model.parameters())
        for step in range(4):
            model(torch.randn(6, 3)).sum().backward()
            optimizer.step()
            model.eval()
            model(torch.randn(6, 3))  # evaluation, with gradients left on
            model.train(step < 2)

    modes = watched(program).modes["model"]
    columns = ("step", "training", "norms", "norms_off", "dropouts", "dropouts_off")
    assert [tuple(row[c] for c in columns) for row in modes] == [(0, 1, 1, 0, 1, 0), (3, 0, 1, 1, 1, 1)]


def test_how_normalisations_ran():
    model, frozen = nn.BatchNorm2d(3), copy.deepcopy(nn.BatchNorm2d(3).eval())

    def program():
        optimizer = sgd(*model.parameters(), *frozen.parameters())
        for rows in (4, 1):
            frozen(model(torch.randn(rows, 3, 2, 5))).sum().backward()
            optimizer.step()

    run = watched(program)
    found = [[tuple(row.values())[2:] for row in run.rows("norm", op)] for op in run.of_kind("normalisation")]
    assert found == [[(1, 4, 40, 0), (1, 1, 10, 0)], [(0, 4, 40, 1), (0, 1, 10, 1)]]


# -- names ----------------------------------------------------------------------------------------------------


def test_a_layer_that_replaces_another_is_named_like_it():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))

    def program():
        for step in range(2):
            model[2] = nn.Linear(4, 1)
            model(torch.randn(6, 3)).sum().backward()
            sgd(*model.parameters(), lr=0.1 * step).step()

    run = watched(program)
    assert [p.name for p in run.parameters.values() if p.shape == (1, 4)] == 2 * ["model.2.weight"]
    assert {op.module for op in run.of_kind("linear")} == {"model.0", "model.2"}


def test_a_function_that_calls_eval_of_its_model_still_names_it():
    def program():
        network = nn.Sequential(nn.Linear(3, 1))
        network.eval()
        network(torch.randn(6, 3)).sum().backward()
        sgd(*network.parameters()).step()

    assert {p.name for p in watched(program).parameters.values()} == {"network.0.weight", "network.0.bias"}
