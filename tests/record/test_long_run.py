"""Of a long run of many ops a choice of samples is read: both ends, events, and some between."""

from __future__ import annotations

from itertools import pairwise

import pytest

from neurologist.record import Run, Store, run


@pytest.fixture
def long_run(monkeypatch):
    """500 samples of one op, the 77th of them a jump."""
    monkeypatch.setattr(run, "ROWS", 40)
    store = Store()
    values = (1, "k", "Relu", "activation", *[None] * 7, 0, "[3]", "float32", "{}", "{}", 0, 0)
    store.insert("op", [values])
    store.add_quantity("height", "op", {"mean": "its mean"})
    for step in range(500):
        store.insert("sample", [(step, "jump" if step == 77 else "spaced", 0.0, None)])
        store.insert("height", [(step, 1, float(step))])
    return Run(store.connection)


def test_a_choice_of_samples_is_read(long_run):
    steps = [row["step"] for row in long_run.quantity("height")[1]]
    assert len(steps) == 40 == len(set(steps))
    assert steps == sorted(steps)
    assert steps[:10] == list(range(10))
    assert steps[-10:] == list(range(490, 500))
    assert 77 in steps
    assert max(b - a for a, b in pairwise(steps)) < 60
    assert len(long_run.samples) == 500


def test_a_short_run_is_read_whole(long_run, monkeypatch):
    monkeypatch.setattr(run, "ROWS", 500)
    assert len(long_run.quantity("height")[1]) == 500


def test_finding_a_step_needs_no_pass_over_the_table(long_run):
    plan = long_run._db.execute("EXPLAIN QUERY PLAN SELECT * FROM height WHERE step IN (1, 2)").fetchall()
    assert "INDEX" in str(plan)
