"""What counts as a step, and that what is written about steps and parameters is true."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import neurologist as nl
from neurologist.record import Run


def net():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def backward(model, scale=1.0):
    loss = F.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,))) * scale
    loss.backward()
    return loss.item()


def run_of(session):
    return Run(session._store.connection)


def rows(session, query):
    return session._store.connection.execute(query).fetchall()


@pytest.mark.parametrize("accumulate", [1, 3, 6])
def test_losses_of_every_pass_at_every_step(accumulate):
    model, losses = net(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch() as session:
        for step in range(12):
            losses += [(step, number, backward(model)) for number in range(accumulate)]
            optimizer.step()
            optimizer.zero_grad()
    session.diagnose()
    assert rows(session, "SELECT step, pass, loss FROM step ORDER BY step, pass") == losses
    assert session.steps == 12


def test_a_second_training_in_one_session_is_counted_too():
    with nl.watch() as session:
        for steps in (10, 8):
            model = net()
            optimizer = torch.optim.Adam(model.parameters())
            for _ in range(steps):
                optimizer.zero_grad()
                backward(model)
                optimizer.step()
    assert abs(session.steps - 18) <= 1  # one may be spent on telling it from a second optimizer of the same training


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("turns", [1, 5])
def test_two_optimizers_make_one_step(turns):
    first, second = net(), net()
    one, two = torch.optim.SGD(first.parameters(), lr=0.1), torch.optim.SGD(second.parameters(), lr=0.1)
    with nl.watch() as session:
        for _ in range(10):
            for _ in range(turns):
                backward(first)
                one.step()
            backward(second)
            two.step()
    assert abs(session.steps - 10 * turns) <= 1
    assert len(rows(session, "SELECT * FROM optimizer")) == 2
    assert {p.optimizer for p in run_of(session).parameters.values()} == {1, 2}


@pytest.mark.usefixtures("every_step")
def test_lbfgs_counts_its_steps_not_its_closures():
    model, (x, y) = net(), (torch.randn(9, 4), torch.randint(3, (9,)))
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=6)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with nl.watch() as session:
        for _ in range(4):
            optimizer.step(closure)
    assert session.steps == 4


def test_rates_are_written_when_they_change():
    model = net()
    optimizer = torch.optim.SGD(
        [{"params": model[0].parameters()}, {"params": model[2].parameters(), "lr": 1.0}], lr=0.1
    )
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.5)
    with nl.watch() as session:
        for _ in range(7):
            backward(model)
            optimizer.step()
            schedule.step()
    session.diagnose()
    found = [(step, json.loads(lr)) for step, lr in rows(session, "SELECT step, lr FROM rate ORDER BY step")]
    assert found == [(0, [0.1, 1.0]), (3, [0.05, 0.5]), (6, [0.025, 0.25])]


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("how", ["optimizer", "by hand"])
def test_updates_are_those_of_their_step(how):
    model, expected = net(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch() as session:
        for _ in range(6):
            before = [p.detach().numpy().astype(np.float64) for p in model.parameters()]
            before = [b.copy() for b in before]
            model.zero_grad()
            backward(model)
            gradients = [p.grad.numpy().copy() for p in model.parameters()]
            if how == "optimizer":
                optimizer.step()
            else:
                with torch.no_grad():
                    for p in model.parameters():
                        p -= 0.1 * p.grad
            after = [p.detach().numpy().astype(np.float64) for p in model.parameters()]
            for b, a, g in zip(before, after, gradients, strict=True):
                size = [np.sqrt((v.astype(np.float64) ** 2).mean()) for v in (b, g, a - b)]
                expected.append((*size, size[2] / size[0]))
    session.diagnose()
    names = [f"model.{name}" for name, _ in model.named_parameters()]
    assert {p.name for p in run_of(session).parameters.values()} == set(names)
    for i, name in enumerate(names):
        join = "weights JOIN parameter ON weights.parameter = parameter.id"
        found = rows(session, f"SELECT rms, gradient, change, ratio FROM {join} WHERE name = '{name}' ORDER BY step")
        np.testing.assert_allclose(found, expected[i :: len(names)], rtol=1e-5)


@pytest.mark.usefixtures("every_step")
def test_updates_of_an_optimizer_in_backward_are_true_or_absent():
    model = net()
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}
    for p, optimizer in optimizers.items():
        p.register_post_accumulate_grad_hook(lambda p, o=optimizer: (o.step(), o.zero_grad(), None)[-1])
    with nl.watch() as session:
        for _ in range(6):
            backward(model)
    session.diagnose()
    for gradient, change in rows(session, "SELECT gradient, change FROM weights"):
        assert change is None or gradient is None or change == pytest.approx(0.1 * gradient, rel=1e-4)


@pytest.mark.usefixtures("every_step")
def test_a_sample_holds_one_row_for_each_op_and_quantity():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch() as session:
        for _ in range(3):
            for _ in range(3):  # accumulation
                backward(model)
            loss = model(torch.randn(5, 4)).square().mean()
            loss.backward(retain_graph=True)
            loss.backward()
            optimizer.step()
    session.diagnose()
    for table, subject in (("gradient", "op"), ("activation", "op"), ("target", "op"), ("weights", "parameter")):
        counts = rows(session, f"SELECT count(*) FROM {table} GROUP BY step, {subject}")
        assert set(counts) == {(1,)}, table


@pytest.mark.usefixtures("every_step")
def test_a_parameter_is_never_taken_for_one_that_died():
    with nl.watch() as session:
        for width in range(2, 22):  # one model after another: ids of dead tensors are used again
            head = nn.Linear(4, width)
            optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
            for _ in range(2):
                optimizer.zero_grad()
                F.cross_entropy(head(torch.randn(5, 4)), torch.randint(width, (5,))).backward()
                optimizer.step()
            del head, optimizer
    session.diagnose()
    shapes = sorted(json.loads(shape) for (shape,) in rows(session, "SELECT shape FROM parameter"))
    assert shapes == sorted(shape for width in range(2, 22) for shape in ([width, 4], [width]))


def test_modules_are_known_in_every_step_of_a_loop_that_changes_parameters_by_hand(every_step):
    model = net()
    with nl.watch() as session:
        for _ in range(4):
            backward(model)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= 0.1 * parameter.grad
                    parameter.grad = None
    assert session.samples == 4
    run = run_of(session)
    assert {op.module for op in run.of_kind("linear", "activation")} == {"model.0", "model.1", "model.2"}
    assert len(run.of_kind("linear")) == 2


def test_an_evaluation_before_a_step_leaves_nothing_to_remember(every_step):
    model = net()
    with nl.watch() as session:
        with torch.no_grad():
            for _ in range(10):
                model(torch.randn(3, 4))
        assert session._steps._modules.calls == []


def test_a_look_at_the_first_steps_ends_by_itself():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch(steps=5) as session:
        for _ in range(12):
            optimizer.zero_grad()
            backward(model)
            optimizer.step()
    run = run_of(session)
    assert session.steps == run.steps == 5
    assert [step for step, _ in run.losses] == list(range(5))
    assert max(run.samples) < 5
    assert session.diagnose().summary.status == "stopped after 5 steps"


def test_a_run_shorter_than_the_look_has_finished():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch(steps=5) as session:
        for _ in range(3):
            backward(model)
            optimizer.step()
    assert session.steps == 3
    assert session.diagnose().summary.status == "finished"


def test_a_look_at_no_steps_is_refused():
    with pytest.raises(ValueError, match="steps=0: expected at least 1"):
        nl.watch(steps=0)
