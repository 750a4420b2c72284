"""What tests of sick and healthy programs share: their lists, how they train, and what must be said of them."""

import inspect
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from neurologist.diagnose import Diagnosis
from neurologist.specimens import MARK
from neurologist.specimens._data import classes


class Programs(list):
    """Programs of one file, as parameters of its test."""

    def fault(self, rule: str, cause: str, says: str = "") -> Callable:
        """A sick program: what must be found first, with which cause, and words that the message must hold."""

        def add(program):
            self.append(pytest.param(program, rule, cause, says, id=program.__name__))
            return program

        return add

    def healthy(self, program):
        """A program on which there must be no error and no warning."""
        self.append(pytest.param(program, id=program.__name__))
        return program


def assert_named_first(diagnosis: Diagnosis, program: Callable, rule: str, cause: str, says: str) -> None:
    """The fault is found, first and alone, at the marked line where there is one."""
    told = [(f.rule, f.severity, f.message) for f in diagnosis.findings]
    assert told, "nothing was found"
    first = diagnosis.findings[0]
    assert (first.rule, first.cause) == (rule, cause), told
    assert first.severity != "info", told
    assert says in first.message, told
    assert [f.rule for f in diagnosis.findings if f.severity != "info"] == [rule], told
    assert diagnosis.not_measured == (), diagnosis.not_measured
    if (line := marked(program)) is not None:
        file = inspect.getsourcefile(program)
        assert (first.origin.file, first.origin.line) == (file, line), (first.origin, line)


def assert_no_alarm(diagnosis: Diagnosis) -> None:
    """No error, no warning, everything measured, and the program learns."""
    alarms = [(f.rule, f.message) for f in diagnosis.findings if f.severity != "info"]
    assert alarms == [], alarms
    assert diagnosis.not_measured == (), diagnosis.not_measured
    assert diagnosis.summary.loss_last < diagnosis.summary.loss_first, diagnosis.summary


def marked(program: Callable) -> int | None:
    """The line of the fault; None where it has no line of its own."""
    lines, start = inspect.getsourcelines(program)
    return next((start + n for n, line in enumerate(lines) if MARK in line), None)


def fit(model, loss_fn, x, y, lr=0.005, passes=25, optimizer=None, batch=64) -> None:
    """Train with Adam; returns nothing, as users' scripts do."""
    optimizer = optimizer or adam(model, lr)
    for _ in range(passes):
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            loss_fn(model(x[rows]), y[rows]).backward()
            optimizer.step()


def batches(passes=25, data=classes) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Shuffled batches of 64."""
    x, y = data()
    for _ in range(passes):
        for rows in torch.randperm(len(x)).split(64):
            yield x[rows], y[rows]


def classifier(*between: nn.Module) -> nn.Sequential:
    """Of `classes`, with modules of one's own behind the first layer."""
    return nn.Sequential(nn.Linear(20, 64), *between, nn.ReLU(), nn.Linear(64, 5))


def adam(model: nn.Module, lr=0.005) -> torch.optim.Adam:
    """The optimizer of most of these programs."""
    return torch.optim.Adam(model.parameters(), lr=lr)
