"""`watch(shadow=True)`: compiled code stays as it is, and what is measured is a second, eager run beside it."""

import gc
import shutil
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from tests.watch.conftest import outcome, unmeasured
from torch import nn
from torch._dynamo import eval_frame
from torch._dynamo.utils import counters
from torch.utils.checkpoint import checkpoint

import neurologist as nl
from neurologist.watch import compiler
from neurologist.watch.copies import Copies

STEPS = 3
compiled = partial(torch.compile, backend="aot_eager")
eager = lambda function: function  # noqa: E731

pytestmark = [
    pytest.mark.usefixtures("every_step"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),  # of the compiler itself
]


class Net(nn.Module):
    """A forward pass that leaves traces: running statistics, a counter, a list, an average that it reads again."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop, self.head = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), None
        self.head = nn.Linear(4 * 16, 4)
        self.calls, self.seen = 0, []
        self.register_buffer("average", torch.zeros(4))

    def forward(self, x):
        self.calls += 1
        self.seen.append(len(self.seen))
        x = F.relu(self.norm(self.conv(x)), inplace=True)
        with torch.no_grad():
            self.average.mul_(0.9).add_(0.1 * x.mean((0, 2, 3)))
        return self.head(self.drop((x + self.average[:, None, None]).flatten(1)))


def images():
    return torch.randn(8, 1, 6, 6), torch.randint(4, (8,))


def fit(model, loss_of, optimizer=None):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(*images())
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses, model, optimizer


def whole_model(wrap):
    model = Net()
    run = wrap(model)
    return *fit(model, lambda x, y: F.cross_entropy(run(x), y)), model.calls, model.seen


def compiled_loss(wrap):
    """Models are found by their names, one tensor is in no module, the graph breaks, and a hook changes a gradient."""
    model, scale, counted = nn.Sequential(nn.Flatten(), nn.Linear(36, 8)), torch.ones(8, requires_grad=True), []
    head = nn.Linear(8, 4)
    head.weight.register_hook(lambda gradient: counted.append("gradient") or gradient * 0.5)

    def loss(x, y):
        hidden = torch.tanh(model(x) * scale)
        torch._dynamo.graph_break()
        return F.cross_entropy(head(F.dropout(hidden, 0.2)), y), hidden.detach(), hidden

    run = wrap(loss)

    def both(x, y):
        loss, _, hidden = run(x, y)
        return loss + 0.01 * hidden.square().mean()

    every = nn.ModuleList([model, head])
    return fit(every, both, torch.optim.SGD([*every.parameters(), scale], 0.1, momentum=0.9)), scale, counted


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin, self.norm = nn.Linear(36, 36), nn.BatchNorm1d(36)

    def forward(self, x):
        return F.gelu(self.norm(self.lin(x)))


def repeated_blocks(wrap, reentrant=None):
    """Half precision, a scaled loss, gradients of two passes."""
    blocks, stem, head = nn.ModuleList(Block() for _ in range(3)), nn.Linear(36, 36), nn.Linear(36, 4)
    run = [wrap(block) for block in blocks]
    model = nn.ModuleList([stem, blocks, head])
    optimizer, scaler = torch.optim.Adam(model.parameters(), 1e-2), torch.amp.GradScaler("cpu", init_scale=1024.0)
    for _ in range(STEPS):
        optimizer.zero_grad()
        for _ in range(2):
            x, y = images()
            with torch.autocast("cpu", torch.bfloat16):
                x = stem(x.flatten(1))
                for block in run:
                    x = x + (block(x) if reentrant is None else checkpoint(block, x, use_reentrant=reentrant))
                loss = F.cross_entropy(head(x).float(), y) / 2
            scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return model, optimizer, scaler.state_dict()


def written_in_place(wrap):
    """The compiled function overwrites what it is given, data and activations."""
    model = nn.Sequential(nn.Linear(36, 8), nn.Linear(8, 4))
    halved = wrap(lambda x: torch.tanh(x.mul_(0.5)))
    return fit(model, lambda x, y: F.cross_entropy(model[1](halved(model[0](halved(x.flatten(1))) * 2)), y))


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
    ],
    ids=["whole model", "compiled loss", "blocks", "reentrant checkpoints", "checkpoints", "written in place"],
)
def test_training_is_bitwise_the_same_and_the_numbers_are_those_of_an_eager_run(program):
    session = unharmed(program)
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


def backward_inside(wrap):
    model = nn.Linear(36, 4)

    def loss(x, y):
        loss = F.cross_entropy(model(x.flatten(1)), y)
        loss.backward()
        return loss

    run, optimizer = wrap(loss), torch.optim.SGD(model.parameters(), 0.1)
    found = run(*images())
    optimizer.step()
    return found, model


def weights_changed(wrap):
    model = nn.Linear(36, 4)

    def loss(x, y):
        with torch.no_grad():
            model.weight.mul_(0.9)
        return F.cross_entropy(model(x.flatten(1)), y)

    return fit(model, wrap(loss))


def another_each_time(wrap):
    """A second call does not give what the first did."""
    model, calls = nn.Linear(36, 4), []

    def loss(x, y):
        calls.append(len(calls))
        if len(calls) % 2 == 0:
            raise ValueError("once is enough")
        return F.cross_entropy(model(x.flatten(1)), y)

    def once(x, y):
        found = run(x, y)
        calls.clear()
        return found

    run = wrap(loss)
    return fit(model, once)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (backward_inside, "it runs backward itself"),
        (weights_changed, "it changes parameters in place"),
        (another_each_time, "failed: ValueError: once is enough"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # of the compiler, which meets what watches in the middle of its code
def test_what_cannot_run_twice_is_said_and_training_goes_on(program, why):
    session = unharmed(program, partial(torch.compile, backend="eager"))
    said = [(what, reason) for what, reason in unmeasured(session) if what == "compiled code"]
    assert len(said) == 1
    assert why in said[0][1]


def test_nothing_is_left_behind(monkeypatch):
    made, kept = [], eval_frame._TorchDynamoContext.__call__
    monkeypatch.setattr(Copies, "__del__", lambda copies: made.append("freed"), raising=False)
    function = compiled(lambda x: torch.tanh(x))
    held = [cell.cell_contents for cell in function.__closure__]
    model = nn.Linear(36, 4)
    with nl.watch(shadow=True):
        losses, *_ = fit(model, lambda x, y: F.cross_entropy(function(model(x.flatten(1))), y))
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
    monkeypatch.setattr(compiler, "DYNAMO", "not imported yet")
    kept, model = torch.compile, nn.Linear(36, 4)
    with nl.watch(shadow=shadow) as session, nl.watch():
        run = torch.compile(lambda x: torch.tanh(model(x)), backend="aot_eager")
        fit(model, lambda x, y: F.cross_entropy(run(x.flatten(1)), y))
    assert torch.compile is kept
    kinds = session._store.connection.execute("SELECT kind, count(*) FROM op GROUP BY kind")
    assert dict(kinds) == {"activation": 1, "linear": 1, "loss": 1, "shape": 1, "softmax": 1}
