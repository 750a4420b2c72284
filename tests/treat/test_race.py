"""Races between activations: equal chances, honest standings, and nothing run twice."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn

import neurologist as nl
from neurologist.treat.fix import ProgramError
from neurologist.treat.lanes import Lanes, Result

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
    assert str(again) == str(whole)
    nl.race(program, ["tanh"], seeds=1, steps=30, lr=None, store=store, told=ran.append)
    assert len(ran) == 8  # other steps are another race


def test_processes_give_the_same(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("\n".join([*HEAD, inspect.getsource(blobs), inspect.getsource(program), "program()"]))
    serial = nl.race(script, ["tanh"], seeds=2, steps=40, lr=None)
    assert serial.lanes[0].seeds == 2
    assert str(nl.race(script, ["tanh"], seeds=2, steps=40, lr=None, jobs=2)) == str(serial)


def test_an_arm_that_fails_costs_no_other():
    def fragile() -> None:
        if torch.initial_seed() == 1:
            raise MemoryError("no room")
        program(depth=1)

    race = nl.race(fragile, ["tanh"], seeds=2, steps=20, lr=None)
    assert {lane.seeds for lane in race.lanes} == {1}
    assert race.lanes[0].errors == ("MemoryError: no room",)
    assert "failed: MemoryError: no room" in str(race)


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


def test_a_killed_writer_leaves_the_store_whole(tmp_path):
    store = tmp_path / "race.db"
    with Lanes(store, "a") as lanes:
        lanes.run(lambda arm, seed: Result(arm, seed, 1.0, 0.5, 10), [("relu", 0)], 1, None)
    with Lanes(store, "a") as lanes:
        assert lanes.results == [Result("relu", 0, 1.0, 0.5, 10)]
    with Lanes(store, "b") as lanes:
        assert lanes.results == []
