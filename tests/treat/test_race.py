"""Races between activations: equal chances, honest standings, and nothing run twice."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

import neurologist as nl
from neurologist.diagnose import Settings, rules
from neurologist.treat.fix import ProgramError
from neurologist.treat.lanes import BadStore, Lanes, Result

from .programs import blobs

HEAD = ("from __future__ import annotations", "import torch", "from torch import nn")


def program(depth: int = 6) -> None:
    """A deep narrow classifier, for which the activation matters; seeded from outside."""
    x, y = blobs()
    layers = [layer for i in range(depth) for layer in (nn.Linear(16 if i else 6, 16), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(16 if depth else 6, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def test_the_better_activation_wins_and_the_rest_is_told():
    race = nl.race(program, ["tanh"], seeds=3, steps=80, lr=None)
    assert [lane.name for lane in race.lanes] == ["tanh", "as it is"]
    assert race.winner == "tanh"
    assert "tanh is best." in str(race)


def test_equals_are_no_difference():
    race = nl.race(program, ["sigmoid"], seeds=2, steps=40, lr=None)
    one, other = race.lanes
    assert one.worth == other.worth  # the program's own activation in its own place
    assert race.winner is None
    assert "No difference found" in str(race)
    single = nl.race(program, ["tanh"], seeds=1, steps=20, lr=None)
    assert single.winner is None
    assert "one seed" in str(single)


def test_results_in_the_store_are_not_run_again(tmp_path):
    store, ran = tmp_path / "race.db", []
    whole = nl.race(program, ["tanh", "relu"], seeds=2, steps=40, lr=None)
    half = nl.race(program, ["tanh"], seeds=1, steps=40, lr=None, store=store, told=ran.append)
    again = nl.race(program, ["tanh", "relu"], seeds=2, steps=40, lr=None, store=store, told=ran.append)
    assert len(half.lanes) == 2
    assert sorted((r.arm, r.seed) for r in ran) == sorted(
        (arm, seed) for arm in ("tanh", "relu", "as it is") for seed in (0, 1)
    )
    assert standing(again) == standing(whole)
    nl.race(program, ["tanh"], seeds=1, steps=30, lr=None, store=store, told=ran.append)
    assert len(ran) == 8  # other steps are another race


@pytest.fixture
def train(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("\n".join([*HEAD, inspect.getsource(blobs), inspect.getsource(program), "program()"]))
    return script


def standing(race):
    """All that does not depend on the clock."""
    return [replace(lane, seconds=None) for lane in race.lanes], race.smallest, race.target


def test_processes_give_the_same(train):
    serial = nl.race(program, ["tanh"], seeds=2, steps=40, lr=None)
    assert serial.lanes[0].seeds == 2
    assert standing(nl.race(train, ["tanh"], seeds=2, steps=40, lr=None, jobs=2)) == standing(serial)


@pytest.mark.parametrize("backend", ["ray", "dask"])
def test_a_cluster_gives_the_same(backend, train):
    pytest.importorskip({"ray": "ray", "dask": "distributed"}[backend], reason=f"needs neurologist[{backend}]")
    code = (
        "import neurologist as nl, pickle, sys\n"
        f"race = nl.race({str(train)!r}, ['tanh', 'relu'], seeds=2, steps=40, lr=None, jobs=2, backend={backend!r})\n"
        "pickle.dump(race, sys.stdout.buffer)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    here = nl.race(train, ["tanh", "relu"], seeds=2, steps=40, lr=None, jobs=2)
    assert standing(pickle.loads(done.stdout)) == standing(here)


def test_a_killed_race_goes_on_where_it_was(train, tmp_path):
    store, whole = tmp_path / "race.db", nl.race(train, ["tanh", "relu"], seeds=2, steps=40, lr=None, jobs=2)
    command = [
        sys.executable,
        "-m",
        "neurologist",
        "race",
        "--activation",
        "tanh,relu",
        "--seeds",
        "2",
        "--steps",
        "40",
    ]
    command += ["--lr", "keep", "--jobs", "2", "--store", str(store), str(train)]
    racing = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with racing.stderr:
        for _ in range(2):
            assert "seed" in racing.stderr.readline()
        racing.kill()
    racing.wait()
    ran = []
    again = nl.race(train, ["tanh", "relu"], seeds=2, steps=40, lr=None, jobs=2, store=store, told=ran.append)
    assert 0 < len(ran) <= 4  # of six
    assert standing(again) == standing(whole)


def test_an_arm_that_fails_costs_no_other():
    def fragile() -> None:
        if torch.initial_seed() == 1:
            raise MemoryError("no room")
        program(depth=1)

    race = nl.race(fragile, ["tanh"], seeds=2, steps=20, lr=None)
    assert {lane.seeds for lane in race.lanes} == {1}
    assert all("MemoryError: no room (test_race.py:" in lane.errors[0] for lane in race.lanes)
    assert "failed: MemoryError: no room" in str(race)


def test_a_partial_function_is_a_program_like_any_other_and_no_script():
    race = nl.race(partial(program, depth=1), ["tanh"], seeds=1, steps=10, lr=None)
    assert {lane.seeds for lane in race.lanes} == {1}
    assert race.lanes[0].errors == ()


def test_each_arm_gets_the_learning_rate_that_suits_it():
    race = nl.race(program, ["tanh"], seeds=1, steps=80)
    assert all(set(lane.factors) <= {0.1, 1.0, 10.0} for lane in race.lanes)


def test_what_cannot_be_raced_is_said():
    with pytest.raises(KeyError, match="no_such"):
        nl.race(program, ["no_such"])
    with pytest.raises(ProgramError, match="no activation between its layers"):
        nl.race(lambda: program(depth=0), ["relu"])
    with pytest.raises(ValueError, match="seeds=0"):
        nl.race(program, ["relu"], seeds=0)

    with pytest.raises(ValueError, match="no activation, init or loss"):
        nl.race(program)
    with pytest.raises(KeyError, match="no init 'zeros': expected one of gain, "):
        nl.race(program, init=["zeros"])
    with pytest.raises(ProgramError, match=r"no hidden activation is called at 'model\.py:1': expected one of "):
        nl.race(program, ["relu"], at="model.py:1")


def test_results_are_kept_whole(tmp_path):
    result = Result("relu", 0, 1.0, 0.5, 10, 2.5, -1.5, ("dead-units",), ((10, 0.25),), None)
    with Lanes(tmp_path / "race.db", "a") as lanes:
        lanes.keep(result)
    with Lanes(tmp_path / "race.db", "a") as lanes:
        assert lanes.results == [result]
    with Lanes(tmp_path / "race.db", "b") as lanes:
        assert lanes.results == []
    (tmp_path / "text").write_text("a text of some length, which is no database at all")
    with pytest.raises(BadStore, match="name a new file"):
        Lanes(tmp_path / "text", "a")


def test_inits_and_losses_are_raced_in_every_combination():
    race = nl.race(program, init=["gain", "orthogonal"], loss=["focal"], seeds=1, steps=20, lr=None)
    assert {lane.name for lane in race.lanes} == {"gain + focal", "orthogonal + focal", "as it is"}
    assert all(lane.seeds == 1 for lane in race.lanes)
    assert len({lane.worth for lane in race.lanes}) > 1


def test_a_standing_tells_of_gradients_and_the_way_to_the_target():
    race = nl.race(program, ["tanh"], seeds=2, steps=80, lr=None)
    lanes = {lane.name: lane for lane in race.lanes}
    assert lanes["tanh"].gradient > lanes["as it is"].gradient + 1  # in decades, over six layers
    assert lanes["tanh"].reached < 80
    assert lanes["tanh"].seconds > 0
    assert "vanishing-gradient" in lanes["as it is"].found
    assert lanes["tanh"].found == ()


def test_arms_are_examined_by_the_users_settings_and_other_ones_are_another_race(tmp_path):
    ran = []
    race = partial(nl.race, program, ["sigmoid"], seeds=1, steps=20, lr=None, store=tmp_path / "r.db", told=ran.append)
    ignoring = Settings(ignore=dict.fromkeys(rules(), "on purpose"))
    assert [lane.found != () for lane in race().lanes] == [True, True]
    assert [lane.found for lane in race(settings=ignoring).lanes] == [(), ()]
    race(settings=ignoring)
    assert len(ran) == 4
    hard = nl.race(program, ["tanh"], seeds=1, steps=40, lr=None, target=0.999)
    assert hard.target == 0.999
    assert {lane.name: lane.reached for lane in hard.lanes}["as it is"] is None


def two_lines(x, w, v):
    h = torch.tanh(x @ w)
    return torch.tanh(h @ v)


def test_activations_are_exchanged_at_one_line_only():
    lines, start = inspect.getsourcelines(two_lines)
    seen = []

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w, self.v = nn.Linear(6, 8), nn.Linear(8, 8)
            self.out = nn.Linear(8, 4)

        def forward(self, x):
            h = two_lines(x, self.w.weight.T, self.v.weight.T)
            seen.append(float(h.detach().min()))
            return self.out(h)

    def small() -> None:
        x, y = blobs()
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    for offset, signs in ((1, {True}), (2, {False, True})):
        seen.clear()
        nl.race(small, ["relu"], at=f"test_race.py:{start + offset}", seeds=1, steps=3, lr=None)
        assert {value < 0 for value in seen} == signs  # relu behind the second line alone leaves nothing below 0
    assert lines[1].strip().startswith("h = ")
