"""A record whose file cannot be written, or no longer, goes on in memory, whole, and says so."""

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from neurologist.record import Run, Store
from neurologist.record.schema import TABLES


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records" / "run.nlr"


@pytest.fixture
def store(path):
    path.parent.mkdir()
    store = Store(path)
    add(store, 0)
    return store


def add(store, first, steps=10):
    for step in range(first, first + steps):
        with store.transaction():
            store.insert("step", [(step, 0, 1.0, 1)])
            store.insert("problem", [(step, "x" * 5_000, "y", 1)])
            store.insert("sample", [(step, "spaced", *[None] * (len(TABLES["sample"]) - 2))])


def fill(store):
    store.connection.execute("PRAGMA max_page_count=1").fetchone()  # SQLite takes the present size for the least


def lost(store):
    return [row for row in Run(store.connection).problems if row[1].startswith("the record")]


def test_a_full_disk_costs_nothing_but_the_file(store, path):
    fill(store)
    add(store, 10)
    assert (store.path, store.connection.in_transaction) == (None, False)
    add(store, 20)
    store.close()
    run = Run(store.connection)
    assert (run.samples, run.steps) == (list(range(30)), 30)
    ((step, what, why, count),) = lost(store)
    assert (what, count) == (f"the record {str(path)!r}", 1)
    assert why == store.lost
    assert f"full: from step {step} on kept in memory" in why
    assert Run(path).samples == list(range(step + (Run(path).samples[-1] == step)))


def test_a_disk_that_is_full_at_the_commit(store, path):
    inner = store.connection

    class Full:
        def __getattr__(self, name):
            return getattr(inner, name)

        def execute(self, sql, *rows):
            if sql == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return inner.execute(sql, *rows)

    store.connection = Full()
    add(store, 10)
    assert Run(store.connection).samples == list(range(20))
    assert Run(path).samples == list(range(10))


@pytest.mark.parametrize("how", ["file", "folder", "another"])
def test_a_file_that_is_removed(store, path, how):
    if how == "folder":
        shutil.rmtree(path.parent)
    else:
        for file in path.parent.iterdir():
            file.unlink()
    if how == "another":
        path.write_text("precious")
    add(store, 10)
    store.close()
    assert Run(store.connection).samples == list(range(20))
    ((_, _, why, _),) = lost(store)
    assert "removed or replaced" in why
    assert [file.read_text() for file in path.parent.glob("*")] == (["precious"] if how == "another" else [])


def test_a_log_that_cannot_be_folded_in(store, path):
    other = sqlite3.connect(path)  # a reader that never ends
    other.execute("BEGIN")
    other.execute("SELECT * FROM step").fetchone()
    store.connection.execute("PRAGMA busy_timeout=1")
    store.close()
    assert Run(store.connection).samples == list(range(10))
    other.close()
    assert Run(path).samples == list(range(10))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason=f"{sys.platform} has no folder that takes no file")
def test_a_folder_that_takes_no_file():
    store = Store("/proc/run.nlr")  # not even the administrator can write there
    add(store, 0)
    store.close()
    assert Run(store.connection).samples == list(range(10))
    ((step, what, why, _),) = lost(store)
    assert (step, what) == (0, "the record '/proc/run.nlr'")
    assert "unable to open database file: kept in memory" in why


def test_a_disk_that_is_full_at_the_start(path, monkeypatch):
    path.parent.mkdir()
    inner = Store._create

    def create(self, name, columns):
        if name == "step" and self.connection.execute("PRAGMA database_list").fetchone()[2]:
            raise sqlite3.OperationalError("database or disk is full")
        inner(self, name, columns)

    monkeypatch.setattr(Store, "_create", create)
    store = Store(path)
    add(store, 0)
    assert Run(store.connection).samples == list(range(10))
    assert list(path.parent.iterdir()) == []


def test_a_statement_that_is_wrong_is_no_reason_to_leave_the_file(store, path):
    def wrong():
        with store.transaction():
            store.insert("step", [(10, 0, 1.0, 1)])
            store.insert("no_such_table", [(1,)])

    with pytest.raises(sqlite3.OperationalError, match="no_such_table"):
        wrong()
    add(store, 10)
    store.close()
    assert (store.lost, store.path) == (None, str(path))
    assert Run(path).samples == list(range(20))
