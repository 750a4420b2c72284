"""Runs that end early, fork, nest or follow each other: the record says what was seen, and how it ended."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import neurologist as nl


def start():
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def train(steps, at=None, error=None, on=None):
    model, optimizer = on or start()
    for step in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,)))
        loss.backward()
        if step == at:
            raise error
        optimizer.step()
    return [p.tolist() for p in model.parameters()]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no more data"), "failed: ValueError"),
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(0), "finished"),
        (MemoryError(), "failed: MemoryError"),
    ],
    ids=lambda v: getattr(v, "__name__", None) or str(v) or type(v).__name__,
)
def test_what_the_block_raises_comes_out_and_the_record_is_whole(tmp_path, error, status):
    path = tmp_path / "run.nlr"
    with pytest.raises(type(error)) as raised, nl.watch(record=path) as session:
        train(10, at=7, error=error)
    assert raised.value is error
    summary = nl.diagnose(path).summary
    assert summary == session.diagnose().summary
    assert (summary.status, len(summary.losses)) == (status, 8)
    assert summary.steps in (7, 8)  # the last was begun and not ended
    assert sorted(f.name for f in tmp_path.iterdir()) == ["run.nlr"]  # no -wal and -shm beside it


PROGRAM = """
import sys, time
import torch
import neurologist as nl

torch.set_num_threads(1)
model = torch.nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with nl.watch(record=sys.argv[1], budget=1.0):
    for step in range(100_000):
        loss = torch.nn.functional.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,)))
        loss.backward()
        optimizer.step()
        if step == 30:
            print("ready", flush=True)
        if step > 30:
            time.sleep(0.01)
"""


@pytest.fixture
def killed(tmp_path):
    """The record of a process that was killed in the middle of its training."""
    path = tmp_path / "run.nlr"
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGKILL)
    return path


def test_kill_leaves_all_samples_readable(killed):
    diagnosis = nl.diagnose(killed)
    assert diagnosis.summary.status == "cut off"
    assert diagnosis.summary.samples > 4
    assert diagnosis.summary.steps >= 30 / 1.25
    assert diagnosis.waterfall is not None


def test_the_file_of_a_killed_run_can_be_taken_elsewhere_alone(killed, tmp_path):
    moved = tmp_path / "elsewhere" / "run.nlr"
    moved.parent.mkdir()
    moved.write_bytes(killed.read_bytes())
    assert nl.diagnose(moved).summary.samples > 4


def test_a_finished_record_can_be_read_where_nothing_can_be_written(tmp_path):
    path = tmp_path / "run.nlr"
    with nl.watch(record=path):
        train(3)
    uri = f"{path.as_uri()}?mode=ro&immutable=1"  # as on a read-only disk
    connection = sqlite3.connect(uri, uri=True)
    assert connection.execute("SELECT count(*) FROM step").fetchone() == (3,)
    assert connection.execute("PRAGMA journal_mode").fetchone() != ("wal",)
    connection.close()


@pytest.mark.filterwarnings("ignore:.*fork")
def test_forked_loader_workers_do_no_harm(tmp_path):
    rows = TensorDataset(torch.randn(40, 4), torch.randint(3, (40,)))
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch(record=tmp_path / "run.nlr") as session:
        for _ in range(2):
            for x, y in DataLoader(rows, batch_size=8, num_workers=2, multiprocessing_context="fork"):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
    assert session.diagnose().summary.steps == 10
    assert session.diagnose().not_measured == ()


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.parametrize("trains", [False, True])
def test_a_forked_child_that_leaves_the_block_does_not_touch_the_record(tmp_path, trains):
    on = start()
    with nl.watch(record=tmp_path / "run.nlr") as session:
        train(3, on=on)
        if (child := os.fork()) == 0:
            try:
                if trains:
                    train(20)
                session.__exit__(None, None, None)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert session._store.connection.execute("SELECT value FROM meta WHERE key = 'status'").fetchone() == (
            "running",
        )
        train(3, on=on)
    summary = session.diagnose().summary
    assert (summary.status, summary.steps, len(summary.losses)) == ("finished", 6, 6)


def test_a_thread_that_trains_beside():
    results, plain = [], []
    for kept, watched in ((plain, False), (results, True)):

        def work(kept=kept):
            kept.append(train(30))

        torch.manual_seed(0)
        if watched:
            with nl.watch():
                thread = threading.Thread(target=work)
                thread.start()
                thread.join()
        else:
            work()
    assert results == plain


def test_nested_sessions_see_the_same():
    torch.manual_seed(0)
    plain = train(10)
    torch.manual_seed(0)
    on = start()
    with nl.watch() as outer:
        with nl.watch() as inner:
            assert train(10, on=on) == plain
        train(5, on=on)
    assert (inner.steps, outer.steps) == (10, 15)
    assert inner.diagnose().not_measured == outer.diagnose().not_measured == ()
    assert inner.diagnose().waterfall is not None
    assert outer.diagnose().waterfall is not None


def test_sessions_one_after_another_share_nothing():
    with nl.watch() as first:
        train(6)
    before = first.diagnose().to_dict()
    with nl.watch() as second:
        train(4)
    assert first.diagnose().to_dict() == before
    assert (first.steps, second.steps) == (6, 4)


def test_diagnose_inside_the_block(tmp_path):
    on = start()
    with nl.watch(record=tmp_path / "run.nlr") as session:
        assert session.diagnose().summary.steps == 0
        train(5, on=on)
        early = session.diagnose()
        assert (early.summary.steps, len(early.summary.losses)) == (5, 5)
        train(3, on=on)
    assert session.diagnose().summary.steps == 8
    assert session.diagnose().not_measured == ()


def test_reading_a_running_record_from_beside(tmp_path):
    path, on = tmp_path / "run.nlr", start()
    with nl.watch(record=path):
        train(5, on=on)
        assert nl.diagnose(path).summary.samples > 0
        train(5, on=on)
    assert nl.diagnose(path).summary.steps == 10
