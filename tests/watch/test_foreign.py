"""Frameworks that run the user's model from their own code: Keras is one, and a small one stands in for it here."""

import sys
import textwrap

import pytest
import torch

import neurologist as nl
from neurologist.record import Run
from neurologist.tape import declaring
from neurologist.watch import doors, foreign

FRAMEWORK = """
import torch
from torch import nn


class Dense(nn.Module):
    made = 0

    def __init__(self, inputs, units, activation=None, name=None):
        super().__init__()
        self.name = name or ("dense" if not Dense.made else f"dense_{Dense.made}")
        Dense.made += name is None
        self.inputs, self.units, self.activation = inputs, units, getattr(torch, activation or "clone")
        self.kernel = nn.Parameter(torch.randn(inputs, units) / inputs**0.5)

    def forward(self, x):
        return self.activation(x @ self.kernel)


class Model(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.__dict__["layers"] = list(layers)  # a list of its own, which torch does not look into

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Optimizer:
    def __init__(self, rate):
        self.rate = rate

    def apply(self, parameters):
        with torch.no_grad():
            for parameter in parameters:
                parameter -= self.rate * parameter.grad
                parameter.grad = None


def train(model, learning_rate, steps=3):
    optimizer = torch.optim.SGD([layer.kernel for layer in model.layers], lr=learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(8, 6)).square().mean().backward()
        optimizer.step()


def fit(model, optimizer, steps):
    for _ in range(steps):
        model(torch.randn(8, 6)).square().mean().backward()
        optimizer.apply([layer.kernel for layer in model.layers])
"""
PROGRAM = """
from framework_of_lists import Dense, Model, Optimizer, fit, train


def build():
    return Model(
        [
            Dense(6, 7, activation="relu"),
            Dense(7, 7, activation="relu"),
            Dense(7, 7, activation="relu"),
            Dense(7, 7, activation="tanh"),
            Dense(7, 2, name="head"),
            *[Dense(2, 2, activation="sigmoid") for _ in range(2)],
        ]
    )


def main(steps=3):
    fit(build(), Optimizer(0.1), steps)


def trained():
    dict(learning_rate=0.7)
    train(
        build(),
        learning_rate=0.5,
    )
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The user's module, which hands its model to an installed framework."""
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "framework_of_lists.py").write_text(FRAMEWORK)
    (tmp_path / "users_program.py").write_text(textwrap.dedent(PROGRAM))
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.syspath_prepend(str(tmp_path))
    import users_program

    # the tests themselves are more files of the user's than are searched
    monkeypatch.setattr(declaring, "users_files", lambda: [users_program.__file__])
    yield users_program
    del sys.modules["users_program"], sys.modules["framework_of_lists"]


def ops(session):
    return Run(session._store.connection).ops


def test_layers_that_a_framework_keeps_are_named_by_the_line_that_makes_them(program, every_step):
    with nl.watch() as session:
        program.main()
    found = {op.module: (op.line, op.code) for op in ops(session) if op.module and op.kind in ("linear", "activation")}
    assert found["dense"] == (8, 'Dense(6, 7, activation="relu"),')
    assert [found[name][0] for name in ("dense_1", "dense_2", "dense_3", "head")] == [9, 10, 11, 12]
    assert found["dense_4"] == found["dense_5"] == (13, '*[Dense(2, 2, activation="sigmoid") for _ in range(2)],')


def test_a_layer_that_may_come_from_two_lines_stays_where_it_is_called(program, every_step, monkeypatch):
    layers = sys.modules["framework_of_lists"]
    make = layers.Dense
    monkeypatch.setattr(
        program, "build", lambda: layers.Model(make(n, 7, activation="relu", name=f"l{n}") for n in (6, 7))
    )
    with nl.watch() as session:
        program.main()
    assert {op.line for op in ops(session) if op.module == "l7"} == {19}  # two lines of build() would fit


def test_an_optimizer_that_a_framework_makes_is_placed_at_the_rate_that_it_was_given(program, every_step):
    with nl.watch() as session:
        program.trained()
    (optimizer,) = Run(session._store.connection).optimizers.values()
    assert (optimizer.line, optimizer.code) == (26, "learning_rate=0.5,")


@pytest.fixture
def optimizer_known(program, monkeypatch):
    """A member that sees the framework's optimizer."""

    class Member:
        PACKAGE = "framework_of_lists"

        @staticmethod
        def install(tell):
            cls = sys.modules["framework_of_lists"].Optimizer
            original = cls.apply

            class View:
                def __init__(self, parameters, rate):
                    self.param_groups = [{"params": parameters, "lr": rate}]

            def apply(self, parameters):
                self.view = getattr(self, "view", None) or View(parameters, self.rate)
                tell("stepping", lambda: self.view)
                original(self, parameters)
                tell("stepped", lambda: self.view)

            cls.apply = apply
            return lambda: setattr(cls, "apply", original)

    monkeypatch.setattr(foreign, "_members", lambda: (Member,))
    return Member


def test_an_optimizer_that_is_none_of_torchs_ends_the_steps_and_tells_its_rate(program, optimizer_known, every_step):
    before = sys.modules["framework_of_lists"].Optimizer.apply
    with nl.watch() as session:
        program.main(steps=5)
    run = Run(session._store.connection)
    assert (session.steps, session._steps.by_hand) == (5, False)
    assert [str(optimizer) for optimizer in run.optimizers.values()] == ["View(lr=0.1)"]
    assert {parameter.optimizer for parameter in run.parameters.values()} == {1}
    assert sys.modules["framework_of_lists"].Optimizer.apply is before
    assert doors._foreign is None


@pytest.mark.parametrize("when", ["install", "look"])
def test_an_error_in_seeing_it_is_reported_and_training_goes_on(program, optimizer_known, monkeypatch, when):
    def fails(*arguments):
        raise RuntimeError("the framework changed")

    def install(tell):
        tell("stepped", fails)
        return lambda: None

    monkeypatch.setattr(optimizer_known, "install", fails if when == "install" else install)
    with nl.watch() as session:
        program.main(steps=5)
    assert session.steps == 5
    assert any("the framework changed" in str(why) for why in session.diagnose().not_measured)


def test_a_library_that_nobody_loaded_is_not_loaded():
    with nl.watch():
        torch.ones(2, requires_grad=True).sum().backward()
    assert {member.PACKAGE for member in foreign._members()}.isdisjoint(sys.modules)
