"""Nothing that goes wrong in the examination reaches the user's program, and the diagnosis says what went wrong."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import neurologist as nl
from neurologist.tape import graph
from neurologist.tape.quantities import quantities
from neurologist.watch import doors, modules, names, recorder, sample, sampler


def train(steps=4, seed=0):
    """Returns everything that training leaves behind."""
    torch.manual_seed(seed)
    stem, model = nn.Linear(4, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Dropout(0.1))
    optimizer = torch.optim.Adam([*stem.parameters(), *model.parameters()], lr=0.01)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        features = stem(torch.randn(5, 4))
        loss = F.cross_entropy(features + model(features), torch.randint(8, (5,)))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    state = [s for p in optimizer.state.values() for s in p.values()]
    return losses, [t.tolist() for t in (*model.parameters(), *state, torch.get_rng_state())]


def fail(*arguments, **options):
    raise ZeroDivisionError("injected")


METHODS = [
    (type(q), method)
    for q in quantities()
    for method in ("at_graph", "at_gradient", "at_shared_gradient", "at_update", "finish")
    if method in vars(type(q))
]
INSIDE = [
    (graph, "_op"),
    (graph, "_finish"),
    (graph.Graph, "identify"),
    (sample, "walk"),
    (sample, "selection"),
    (sample.Sample, "before_backward"),
    (sample.Sample, "_hook"),
    (sample.Sample, "_observe"),
    (sample.Sample, "after_backward"),
    (sample.Sample, "after_step"),
    (sample.Gather, "add"),
    (sample.Gather, "collect"),
    (names.Names, "add"),
    (names.Names, "module"),
    (names.Names, "tensor"),
    (names, "variable"),
    (recorder, "facts_of"),
    (recorder.Recorder, "loss"),
    (recorder.Recorder, "rates"),
    (recorder.Recorder, "write"),
    (recorder.Recorder, "_op"),
    (recorder.Recorder, "_parameter"),
    (sampler.Sampler, "loss"),
    (sampler.Sampler, "after"),
    (modules.ModuleCalls, "locate"),
    (modules.ModuleCalls, "_enter"),
    (modules.ModuleCalls, "_leave"),
    (modules.ModuleCalls, "install"),
    (doors.Forward, "prepare"),
]


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize(("owner", "name"), [*METHODS, *INSIDE], ids=lambda v: getattr(v, "__name__", v))
def test_an_error_inside_leaves_training_untouched_and_is_reported(monkeypatch, owner, name):
    plain = train()
    monkeypatch.setattr(owner, name, fail)
    with nl.watch() as watched:
        assert train() == plain
    diagnosis = watched.diagnose()
    assert any("ZeroDivisionError: injected" in missing.why for missing in diagnosis.not_measured)
    assert watched.steps == diagnosis.summary.steps == 4


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("when", [0, 5, 11])
def test_an_error_while_writing_one_sample_costs_that_sample_only(monkeypatch, tmp_path, when):
    original, calls = recorder.Recorder._op, []

    def once(self, op, step):
        calls.append(1)
        if len(calls) - 1 == when:
            fail()
        original(self, op, step)

    monkeypatch.setattr(recorder.Recorder, "_op", once)
    with nl.watch(record=tmp_path / "run.nlr") as watched:
        train(6)
    diagnosis = watched.diagnose()
    assert diagnosis.summary.samples == watched.samples == 5
    assert len(diagnosis.summary.losses) == 6
    assert diagnosis.waterfall is not None
    assert [missing.why for missing in diagnosis.not_measured] == ["ZeroDivisionError: injected"]


@pytest.mark.parametrize("budget", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_budget_that_is_no_share(budget, tmp_path):
    with pytest.raises(ValueError, match="budget must be a share"):
        nl.watch(budget=budget, record=tmp_path / "run.nlr")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_never_overwritten(tmp_path):
    path = tmp_path / "run.nlr"
    path.write_text("precious")
    with pytest.raises(FileExistsError, match=r"run\.nlr"):
        nl.watch(record=path)
    assert path.read_text() == "precious"


def test_frozen_parameters_raise_what_they_raise_without_us():
    def program():
        F.cross_entropy(nn.Linear(4, 3).requires_grad_(False)(torch.randn(5, 4)), torch.randint(3, (5,))).backward()

    with pytest.raises(RuntimeError) as plain:
        program()
    with nl.watch() as watched, pytest.raises(RuntimeError) as seen:
        program()
    assert str(seen.value) == str(plain.value)
    assert seen.value.__cause__ is seen.value.__context__ is None
    assert watched.diagnose().healthy


@pytest.mark.parametrize("roots", [None, 3, [torch.ones(2)], (torch.ones(2, requires_grad=True).exp(),)])
def test_a_call_that_torch_refuses_is_refused_in_the_same_words(roots):
    with pytest.raises((TypeError, RuntimeError, AttributeError)) as plain:
        torch.autograd.backward(roots)
    with nl.watch(), pytest.raises((TypeError, RuntimeError, AttributeError)) as seen:
        torch.autograd.backward(roots)
    assert (seen.type, str(seen.value)) == (plain.type, str(plain.value))


def test_never_calling_backward():
    with nl.watch() as watched:
        nn.Linear(2, 2)(torch.randn(1, 2))
    summary = watched.diagnose().summary
    assert (summary.steps, summary.samples, summary.status) == (0, 0, "finished")


def test_nan_at_step_0():
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch() as watched:
        for _ in range(5):
            loss = F.mse_loss(model(torch.full((5, 4), torch.nan)), torch.zeros(5, 3))
            loss.backward()
            optimizer.step()
    diagnosis = watched.diagnose()
    assert diagnosis.findings[0].rule == "non-finite"
    assert diagnosis.summary.losses == tuple((step, None) for step in range(5))
    assert diagnosis.summary.loss_first is None


def test_no_optimizer_counts_backward_passes():
    weight = torch.zeros(3, requires_grad=True)
    with nl.watch() as watched:
        for _ in range(30):
            (weight - 1).square().sum().backward()
            with torch.no_grad():
                weight -= 0.1 * weight.grad
                weight.grad.zero_()
    summary = watched.diagnose().summary
    assert summary.steps == 30
    assert summary.samples > 3
    assert [loss for _, loss in summary.losses] == pytest.approx([3 * 0.64**i for i in range(30)], rel=1e-3)


def test_long_accumulation_still_counts_optimizer_steps():
    weight = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.01)
    with nl.watch() as watched:
        for _ in range(3):
            for _ in range(40):
                (weight - 1).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()
    assert watched.steps == 3
