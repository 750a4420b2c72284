"""A long run leaves a small record and needs no more memory than a short one; what is eventful is kept."""

import json
import subprocess
import sys

import pytest
import torch

import neurologist as nl
from neurologist.record import Store
from neurologist.watch.names import Names
from neurologist.watch.recorder import REASONS, Recorder
from neurologist.watch.thinning import EARLY, RATIO, Changes, Thinned


@pytest.fixture
def recorder():
    return Recorder(Store(), Names())


def rows(recorder, query):
    return recorder.store.connection.execute(query).fetchall()


def test_early_steps_are_kept_and_later_ones_ever_more_sparsely():
    thinned = Thinned()
    kept = [step for step in range(100_000) if thinned.keeps(step)]
    assert kept[:EARLY] == list(range(EARLY))
    gaps = [(b - a) / a for a, b in zip(kept[EARLY:], kept[EARLY + 1 :], strict=False)]
    assert min(gaps) >= RATIO - 1 - 1e-9
    assert max(gaps) < 2.0 / EARLY
    assert len(kept) < 1_000


def test_what_comes_seldom_is_kept_each_time():
    thinned = Thinned()
    assert all(thinned.keeps(step) for step in range(0, 100_000, 1_500))
    assert thinned.keeps(99_000)  # the same once more


def test_a_change_after_many_is_written_with_its_own_step():
    changes = Changes()
    written = [due for step in range(1_004) if (due := changes.note(step, min(step, 1_000)))]
    assert written[:EARLY] == [(step, step) for step in range(EARLY)]
    assert written[-1][0] < 1_000
    later = [due for step in range(1_004, 50_000) if (due := changes.note(step, 1_000))]
    assert later == [(1_000, 1_000)]
    assert changes.note(50_000, 5) == (50_000, 5)
    assert changes.rest() is None


def test_what_went_back_is_not_written():
    changes = Changes()
    for step in range(1_000):
        changes.note(step, step)
    written = changes._written
    changes.note(1_000, written)
    assert changes.rest() is None


def test_rates_of_a_schedule(recorder):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    for step in range(10_000):
        optimizer.param_groups[0]["lr"] = 0.5 if step >= 9_000 else 1.0 - step / 20_000
        recorder.rates(step, optimizer)
    recorder.end()
    found = [(step, json.loads(lr)) for step, lr in rows(recorder, "SELECT step, lr FROM rate ORDER BY step")]
    assert len(found) < 600
    assert found[-1] == (9_000, [0.5])
    assert all(lr == [1.0 - step / 20_000] for step, lr in found[:-1])


def test_the_rates_that_stand_at_the_end_are_written(recorder):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    for step in range(5_001):
        optimizer.param_groups[0]["lr"] = 1.0 - step / 20_000
        recorder.rates(step, optimizer)
    recorder.end()
    assert rows(recorder, "SELECT MAX(step), lr FROM rate") == [(5_000, "[0.75]")]


def test_what_fails_at_every_step_is_counted_and_takes_no_room(recorder):
    for step in range(10_000):
        recorder.problem(step, "the loss", "always")
        recorder.problem(step, "the loss", f"at {step:#x}")
    recorder.end()
    assert rows(recorder, "SELECT SUM(count) FROM problem WHERE why = 'always'") == [(10_000,)]
    assert rows(recorder, "SELECT SUM(count) FROM problem") == [(20_000,)]
    assert rows(recorder, "SELECT COUNT(*) FROM problem")[0][0] < 600 + REASONS + 600


def test_late_passes_of_accumulated_steps_are_thinned(recorder):
    for step in range(5_000):
        for number in range(20):
            recorder.loss(step, number, 1.0)
    recorder.end()
    assert rows(recorder, "SELECT COUNT(*) FROM step WHERE pass < 4") == [(20_000,)]
    whole = rows(recorder, "SELECT COUNT(*) FROM step GROUP BY step HAVING MAX(pass) = 19")
    assert {count for (count,) in whole} == {20}
    assert EARLY < len(whole) < 600


PROGRAM = """
import os, sys
import torch
import neurologist as nl

torch.set_num_threads(1)


def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
groups = [{"params": [p], "lr": 0.1 / (1 + i)} for i, p in enumerate(model.parameters())]
optimizer = torch.optim.SGD([*groups, *({"params": []} for _ in range(30))], lr=0.01)
x, y = torch.randn(5, 4), torch.randint(3, (5,))
with nl.watch(record=sys.argv[1], budget=1.0):
    for step in range(10_000):
        for group in optimizer.param_groups:
            group["lr"] *= 0.9999
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if step == 1_000:
            before = memory()
    print(memory() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ten_thousand_steps(tmp_path):
    path = tmp_path / "run.nlr"
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 5  # MB
    assert path.stat().st_size < 4e6  # of the 20 MB that are promised for a small net; 7 MB if every rate was kept
    summary = nl.diagnose(path).summary
    assert (summary.steps, summary.status) == (10_000, "finished")
