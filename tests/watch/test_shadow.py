"""`watch(shadow=True)`: compiled code stays as it is, and what is measured is a second, eager run beside it."""

import gc
import shutil
import sys
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from tests.watch.compiled_programs import (
    STEPS,
    another_each_time,
    backward_inside,
    compiled_loss,
    counted_outside,
    fit,
    repeated_blocks,
    two_results,
    weights_changed,
    whole_model,
    written_in_place,
)
from tests.watch.conftest import outcome, unmeasured
from torch import nn
from torch._dynamo import eval_frame
from torch._dynamo.utils import counters

import neurologist as nl
from neurologist.watch import compiler
from neurologist.watch.copies import Copies

compiled = partial(torch.compile, backend="aot_eager")
eager = lambda function: function  # noqa: E731

pytestmark = [
    pytest.mark.usefixtures("every_step"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),  # of the compiler itself
]


def ran(program, wrap):
    torch._dynamo.reset()
    return outcome(partial(program, wrap))


def unharmed(program, wrap=compiled):
    """Assert that a program leaves the same behind watched as plain, and that as much is compiled; the session."""
    counters.clear()
    plain, made = ran(program, wrap), dict(counters["stats"])
    counters.clear()
    with nl.watch(shadow=True) as session:
        assert ran(program, wrap) == plain
    assert dict(counters["stats"]) == made or program is backward_inside  # where what watches stands in compiled code
    assert session.samples == session.steps > 0
    return session


QUERY = "SELECT step, kind, module, line, op.position, {} FROM {} JOIN op ON op.id = {}.op"


def numbers(session):
    """What was measured of the ops: of gradients that arrive, and of what came out."""
    found = {}
    for table, column in (("gradient", "rms_in"), ("activation", "mean"), ("activation", "std")):
        for *what, _, value in session._store.connection.execute(QUERY.format(column, table, table)):
            found.setdefault((column, *what), []).append(value)
    return found


@pytest.mark.parametrize(
    "program",
    [
        whole_model,
        compiled_loss,
        repeated_blocks,
        partial(repeated_blocks, reentrant=True),
        partial(repeated_blocks, reentrant=False),
        written_in_place,
        two_results,
    ],
    ids=[
        "whole model",
        "compiled loss",
        "blocks",
        "reentrant checkpoints",
        "checkpoints",
        "written in place",
        "two results",
    ],
)
def test_training_is_bitwise_the_same_and_the_numbers_are_those_of_an_eager_run(program):
    session = unharmed(program, partial(torch.compile, backend="eager") if program is two_results else compiled)
    assert unmeasured(session) == []
    with nl.watch() as plain:
        ran(program, eager)
    truth, found = numbers(plain), numbers(session)
    assert len(truth) > 10
    first = {key for key in truth if key[1] == 0}  # later steps train on gradients that are rounded otherwise
    assert first == {key for key in found if key[1] == 0}
    for key in first:
        assert found[key] == pytest.approx(truth[key], rel=1e-5, abs=1e-9), key


@pytest.mark.skipif(shutil.which("g++") is None, reason="the compiler needs another one, for C++")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the compiler's own code
def test_generated_code():
    """What runs is the compiler's, which rounds otherwise and draws its own dropout."""

    def program(wrap):
        model = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), nn.Dropout(0.5), nn.GELU())
        run = wrap(model)
        return fit(model, lambda x, y: F.cross_entropy(run(x), y))

    session = unharmed(program, torch.compile)
    assert unmeasured(session) == []
    kinds = {kind for (kind,) in session._store.connection.execute("SELECT kind FROM op")}
    assert {"linear", "dropout", "activation", "loss"} <= kinds
    assert "compiled" not in kinds


def test_eager_code_is_measured_as_ever():
    session = unharmed(whole_model, eager)
    with nl.watch() as plain:
        ran(whole_model, eager)
    assert numbers(session) == numbers(plain)


def test_a_finding_names_the_line_and_the_module_inside():
    class Sick(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(36, 16), nn.Linear(16, 4)

        def forward(self, x):
            x = torch.relu(self.first(x.flatten(1)))
            return torch.softmax(self.last(x), 1)  # what is wrong here

    model = Sick()
    run = compiled(model)
    with nl.watch(shadow=True) as session:
        fit(model, lambda x, y: F.cross_entropy(run(x), y))
    finding = session.diagnose().findings[0]
    assert finding.rule == "double-softmax"
    assert finding.origin.code.endswith("# what is wrong here")
    assert finding.origin.module in ("model", "run")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (backward_inside, "it runs backward itself"),
        (two_results, "its graph breaks between two results"),
        (weights_changed, "it changes parameters, or tensors from outside, in place"),
        (counted_outside, "it changes parameters, or tensors from outside, in place"),
        (another_each_time, "failed: ValueError: once is enough"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # of the compiler, which meets what watches in the middle of its code
def test_what_cannot_run_twice_is_said_and_training_goes_on(program, why):
    session = unharmed(program, compiled if program is two_results else partial(torch.compile, backend="eager"))
    said = [(what, reason) for what, reason in unmeasured(session) if what == "compiled code"]
    assert len(said) == 1
    assert why in said[0][1]


def test_two_sessions_see_the_same_second_run():
    with nl.watch(shadow=True) as outer, nl.watch(shadow=True) as inner:
        ran(compiled_loss, compiled)
    assert unmeasured(outer) == unmeasured(inner) == []
    assert numbers(outer) == numbers(inner)
    assert len(numbers(outer)) > 10
    for session in (outer, inner):
        names = session._store.connection.execute("SELECT name FROM parameter")
        assert sorted(name for (name,) in names) == [
            "head.bias",
            "head.weight",
            "model.1.bias",
            "model.1.weight",
            "scale",
        ]


def test_nothing_is_left_behind(monkeypatch):
    made, kept = [], eval_frame._TorchDynamoContext.__call__
    monkeypatch.setattr(Copies, "__del__", lambda copies: made.append("freed"), raising=False)
    function = compiled(lambda x: (torch.tanh(x), x + 1))
    held = [cell.cell_contents for cell in function.__closure__]
    model = nn.Linear(36, 4)
    with nl.watch(shadow=True):
        losses, *_ = fit(model, lambda x, y: F.cross_entropy(function(model(x.flatten(1)))[0], y))
        gc.collect()
        assert len(made) >= STEPS - 1  # though the user keeps all losses
        function(torch.ones(2, requires_grad=True))  # no backward comes
    gc.collect()
    assert len(made) == STEPS + 1
    assert len(losses) == STEPS
    assert eval_frame._TorchDynamoContext.__call__ is kept
    assert all(cell.cell_contents is before for cell, before in zip(function.__closure__, held, strict=True))


@pytest.mark.parametrize("shadow", [False, True])
def test_code_that_is_compiled_after_the_first_look_began(shadow, monkeypatch):
    """The compiler is first imported then; what watches must not be compiled with the user's code."""
    original = torch.compile

    def importing(*arguments, **options):
        monkeypatch.setitem(sys.modules, "imported by now", torch._dynamo)
        return original(*arguments, **options)

    monkeypatch.setattr(compiler, "DYNAMO", "imported by now")
    monkeypatch.setattr(torch, "compile", importing)
    kept, model = torch.compile, nn.Linear(36, 4)
    with nl.watch(shadow=shadow) as session, nl.watch():
        run = torch.compile(lambda x: torch.tanh(model(x)), backend="aot_eager")
        fit(model, lambda x, y: F.cross_entropy(run(x.flatten(1)), y))
    assert torch.compile is kept
    kinds = session._store.connection.execute("SELECT kind, count(*) FROM op GROUP BY kind")
    assert dict(kinds) == {"activation": 1, "linear": 1, "loss": 1, "shape": 1, "softmax": 1}
