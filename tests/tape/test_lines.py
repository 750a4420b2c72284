"""Each op knows the user's line and module, and is the same op from step to step."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import neurologist as nl
from neurologist.record import Run


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 8)
        self.body = nn.Sequential(
            nn.Linear(8, 8),
            nn.Tanh(),
            nn.Sequential(nn.Linear(8, 8), nn.Softmax(1)),
        )
        self.shared = nn.Linear(8, 8)
        self.blocks = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.body(x)
        x = x + torch.sigmoid(self.shared(x))
        x = x * self.shared(x)
        for block in self.blocks:
            x = F.gelu(block(x))
        return x / (1 + torch.exp(-1.5 * x))


def loss_of(model, x):
    out = model(x)
    return (out - 1).square().mean()


@pytest.fixture
def run(tape):
    model = Net()
    return tape(lambda: loss_of(model, torch.randn(6, 5)).backward())


def codes(run, **attributes):
    return [op.code for op in run.ops if all(getattr(op, k) == v for k, v in attributes.items())]


def modules(run, **attributes):
    return [op.module for op in run.ops if all(getattr(op, k) == v for k, v in attributes.items())]


def test_functional_calls(run):
    assert codes(run, member="relu") == ["x = F.relu(self.fc1(x))"]
    assert codes(run, member="sigmoid") == ["x = x + torch.sigmoid(self.shared(x))"]
    assert codes(run, member="gelu") == ["x = F.gelu(block(x))"] * 2
    assert modules(run, member="relu") == ["model"]


def test_layers_are_named_by_the_line_that_calls_them(run):
    assert codes(run, module="model.fc1", kind="linear") == ["x = F.relu(self.fc1(x))"]
    assert codes(run, module="model.blocks.0", kind="linear") == ["x = F.gelu(block(x))"]


def test_entries_of_a_container_are_named_by_the_line_that_puts_them_there(run):
    assert codes(run, module="model.body.0", kind="linear") == ["nn.Linear(8, 8),"]
    assert codes(run, member="tanh") == ["nn.Tanh(),"]
    assert codes(run, member="softmax") == ["nn.Sequential(nn.Linear(8, 8), nn.Softmax(1)),"]
    assert modules(run, member="softmax") == ["model.body.2.1"]


def test_expressions_written_by_hand(run):
    assert codes(run, name="Exp") == ["return x / (1 + torch.exp(-1.5 * x))"]
    assert codes(run, name="Div") == ["return x / (1 + torch.exp(-1.5 * x))"]
    assert codes(run, root=True) == ["return (out - 1).square().mean()"]
    assert modules(run, root=True) == [None]


def test_a_shared_module_is_two_ops_of_one_name(run):
    found = [op for op in run.ops if op.module == "model.shared" and op.kind == "linear"]
    assert [op.code for op in found] == ["x = x + torch.sigmoid(self.shared(x))", "x = x * self.shared(x)"]
    assert found[0].parameters == found[1].parameters
    assert len({op.key for op in found}) == 2


def test_every_op_has_a_line_of_this_file(run):
    assert {op.file for op in run.ops} == {__file__}
    assert all(op.line and op.code for op in run.ops)


def test_paths_of_parameters(run):
    model = Net()
    assert {p.name for p in run.parameters.values()} == {f"model.{name}" for name, _ in model.named_parameters()}


@pytest.mark.parametrize("batches", [(6, 6, 6), (6, 3, 17, 1)])
def test_ops_stay_the_same_when_the_batch_changes(tape, batches):
    model = Net()
    once = tape(lambda: loss_of(model, torch.randn(6, 5)).backward())
    many = tape(*(lambda n=n: loss_of(model, torch.randn(n, 5)).backward() for n in batches))
    assert [op.key for op in many.ops] == [op.key for op in once.ops]
    assert {len(rows) for rows in many.quantity("gradient").values()} == {len(batches)}


def test_ops_stay_the_same_without_source_lines(monkeypatch):
    """The later passes of an accumulated step run without lines; they are known by the graph's shape."""
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with nl.watch(budget=1.0) as session:
        for _ in range(4):
            for _ in range(3):
                loss_of(model, torch.randn(6, 5)).backward()
            optimizer.step()
    session.diagnose()
    run = Run(session._store.connection)
    assert len(run.ops) == len({(op.position, op.name) for op in run.ops})
    assert {op.file for op in run.ops} == {__file__}


def test_longer_sequences_add_ops_and_keep_the_others(tape):
    rnn = nn.RNN(5, 7, batch_first=True)
    run = tape(*(lambda n=n: rnn(torch.randn(2, n, 5))[0].square().mean().backward() for n in (4, 6, 4)))
    tanh = run.of_kind("activation")
    assert [len(run.rows("gradient", op)) for op in tanh] == [3, 3, 3, 3, 1, 1]
    assert {op.module for op in tanh} == {"rnn"}


def test_retain_graph_and_create_graph_add_no_ops(tape):
    model = Net()
    once = tape(lambda: loss_of(model, torch.randn(6, 5)).backward())

    def twice():
        loss = loss_of(model, torch.randn(6, 5))
        loss.backward(retain_graph=True)
        loss.backward()

    assert [op.key for op in tape(twice, twice).ops] == [op.key for op in once.ops]


def test_a_gradient_penalty_names_the_lines_of_both_passes(tape):
    model = Net()

    def step():
        x = torch.randn(6, 5, requires_grad=True)
        out = model(x).mean()
        (slope,) = torch.autograd.grad(out, x, create_graph=True)
        penalty = slope.square().mean()
        (out + penalty).backward()

    run = tape(step)
    assert "penalty = slope.square().mean()" in codes(run)
    assert "x = F.relu(self.fc1(x))" in codes(run)
    assert "(slope,) = torch.autograd.grad(out, x, create_graph=True)" in codes(run)


def test_two_losses_of_one_step(tape):
    first, second = nn.Linear(5, 3), nn.Linear(5, 3)

    def step():
        one = F.cross_entropy(first(torch.randn(4, 5)), torch.tensor([0, 1, 2, 0]))
        two = F.mse_loss(second(torch.randn(4, 5)), torch.zeros(4, 3))
        one.backward()
        two.backward()

    run = tape(step)
    assert {op.member for op in run.of_kind("loss")} == {"cross_entropy", "mse"}
    assert {op.module for op in run.of_kind("linear")} == {"first", "second"}


def test_parameters_without_a_module_are_named_by_their_variable(tape):
    weight, bias = torch.randn(5, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    run = tape(lambda: (torch.randn(4, 5) @ weight + bias).square().mean().backward())
    assert {p.name for p in run.parameters.values()} == {"weight", "bias"}
