"""What was seen over time: the record's own numbers, dead units, and a size that does not grow with the run."""

from __future__ import annotations

import sqlite3
from math import log10

import diagnosis as bench
import pytest
import torch
from torch import nn

import neurologist as nl
from neurologist.diagnose import engine, examine
from neurologist.diagnose import history as module
from neurologist.record import Run

STEPS = 14


class Net(nn.Module):
    """A ReLU layer; `silent` units of it are switched off."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(6, 20), nn.Linear(20, 3)
        self.outputs = []

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        self.outputs.append(x.detach())
        return self.out(x)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("history") / "run.nlr"
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with nl.watch(1.0, record=path):
        for step in range(STEPS):
            with torch.no_grad():
                model.hidden.bias[:] = 5.0
                model.hidden.bias[: min(step, 7)] = -50.0  # one more unit dies at each step, up to seven
                model.hidden.bias[10] = -50.0 if step in (1, 13) else 5.0  # silent at times only
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(torch.randn(32, 6)), torch.randint(3, (32,))).backward()
            optimizer.step()
    return path, examine(Run(path)).history, model.outputs


def test_it_holds_what_the_record_holds(seen):
    path, history, _ = seen
    with sqlite3.connect(path) as record:
        samples = [step for (step,) in record.execute("SELECT step FROM sample ORDER BY step")]
        ratios = record.execute(
            "SELECT p.name, w.step, w.ratio FROM weights w JOIN parameter p ON p.id = w.parameter"
        ).fetchall()
        slopes = dict(record.execute("SELECT op, factor FROM gradient WHERE step = 3").fetchall())
    assert list(history.steps) == samples
    told = {(t.label, s): v for t in history.weights for s, v in zip(history.steps, t.numbers["ratio"], strict=True)}
    assert told == {(name, step): ratio for name, step, ratio in ratios}
    at = history.steps.index(3)
    for track in history.gradients:
        decades = track.numbers.get("decades", (None,) * len(samples))[at]
        assert decades == (log10(slopes[track.op]) if slopes[track.op] else None)


def test_weights_stand_in_the_order_of_the_forward_pass(seen):
    layers = [track.label.split(".")[1] for track in seen[1].weights]
    assert layers == ["hidden", "hidden", "out", "out"]


def test_a_dead_unit_is_silent_from_then_on(seen):
    _, history, outputs = seen
    (track,) = [track for track in history.activations if track.label.startswith("relu")]
    silent = torch.stack([(outputs[step] == 0).all(0) for step in history.steps])
    for i in range(len(history.steps)):
        since = min(i, len(history.steps) - 3)
        assert track.numbers["dead"][i] == silent[since:].all(0).sum()
    assert track.numbers["dead"][-1] == 7
    assert set(track.numbers["units"]) == {20}


def test_a_large_run_does_not_grow_it(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "NUMBERS", 3_000)
    bench.recorded(tmp_path / "run.nlr", 4)
    bench.lengthen(tmp_path / "run.nlr", 300)
    run = Run(tmp_path / "run.nlr")
    history = examine(run).history
    tracks = (*history.gradients, *history.activations, *history.weights)
    assert sum(len(values) for track in tracks for values in track.numbers.values()) <= 3_000
    assert len(run.samples) > 90
    assert len(history.steps) >= module.FEWEST
    assert (history.steps[0], history.steps[-1]) == (run.samples[0], run.samples[-1])


def test_thinning_keeps_both_ends_and_spreads_the_rest():
    assert module.thinned(range(5), 8) == (0, 1, 2, 3, 4)
    assert module.thinned(range(101), 5) == (0, 25, 50, 75, 100)


def test_what_cannot_be_told_costs_no_diagnosis(seen, monkeypatch):
    def broken(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr(engine, "history", broken)
    found = examine(Run(seen[0]))
    assert found.history.steps == ()
    assert [n.why for n in found.not_measured] == ["RuntimeError: boom"]
    assert found.in_language("zh").not_measured[0].what != "the history of ops and weights"
