"""A record is written once and read back the same; what is no record is refused in one line."""

import json
import sqlite3
import threading

import pytest

import neurologist as nl
from neurologist.record import RecordError, Run, Store
from neurologist.record.schema import SCHEMA_VERSION, TABLES
from neurologist.tape.quantities import quantities


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.nlr"


def write(path):
    """A small record with a row in every table."""
    store = Store(path)
    store.add_quantity("gradient", "op", {"rms_in": "RMS, in", "rms_out": "out", "factor": "out / in"})
    op = ["Relu", "activation", "relu", "relu", "a.py", 7, "y = x.relu()", "net.act", "ReLU"]
    with store.transaction():
        store.insert(
            "parameter", [(1, "net.w", "[3, 4]", "float32", 12, 1, 0), (2, "net.bias", "[3]", "float32", 3, None, 1)]
        )
        made, stepped = ("train.py", 7, "opt = SGD()"), ("train.py", 9, "opt.step()")
        store.insert("optimizer", [(1, "SGD", json.dumps({"lr": 0.1, "momentum": 0.0}), *made, *stepped)])
        store.insert("resting", [(1, "net.head", "[2, 3]", 6, None, 0, 1, 0, 0, 0.5, 0.9)])
        store.insert("mode", [(4, "net", 0, 1, 1, 2, 2), (0, "net", 1, 1, 0, 2, 0)])
        store.insert("op", [(1, "k1", *op, 0, "[5, 3]", "float32", "{}", '{"range": [0, null]}', 0, 0)])
        last = ["NllLoss", "loss", None, None, None, None, None, None, None]
        store.insert("op", [(2, "k2", *last, 1, "[]", "float32", '{"reduction": 1}', "{}", 1, 0)])
        store.insert("edge", [(2, 0, 1)])
        store.insert("op_parameter", [(1, 1), (1, 2)])
        store.insert("rate", [(0, 1, "[0.1]"), (5, 1, "[0.01]")])
        store.insert("step", [(0, 0, 1.5, 1), (0, 1, 9.0, 1), (1, 0, None, 0)])
        store.insert("sample", [(0, "early", 0.1, None)])
        store.insert("rank", [(1, 0, "finished", 2, 0), (0, 0, None, None, None)])
        told = [0.5, 1, 1, 77, 0, 1.0, 0.9]
        same, other = ("net.w", 0.0, 0, 2), ("net.w", 0.25, 1, 1)
        store.insert("rank_sample", [(0, 1, *told, 16.0, *other), (0, 0, *told, 9.0, *same), (1, 0, *told, 9.0, *same)])
        store.insert("problem", [(0, "something", "a reason", 2)])
        store.insert("gradient", [(0, 1, 0.5, 1.0, 2.0), (0, 2, None, None, float("inf"))])
        store.meta(status="finished", steps=2, world=2, versions={"torch": "x"})
    return store


@pytest.mark.parametrize("kept", ["file", "memory"])
def test_round_trip(path, kept):
    store = write(path if kept == "file" else None)
    if kept == "file":
        store.close()
    run = Run(path if kept == "file" else store.connection)
    relu, loss = run.ops
    assert (relu.key, relu.kind, relu.member, relu.line, relu.shape, relu.root) == (
        "k1",
        "activation",
        "relu",
        7,
        (5, 3),
        False,
    )
    assert (loss.inputs, relu.consumers, loss.root) == ({0: relu}, [loss], True)
    assert (relu.facts, loss.options, loss.file) == ({"range": [0, None]}, {"reduction": 1}, None)
    assert [p.name for p in relu.parameters] == ["net.w", "net.bias"]
    assert [p.is_bias for p in relu.parameters] == [False, True]
    assert run.losses == [(0, 1.5), (1, None)]
    assert run.rates == {1: [(0, [0.1]), (5, [0.01])]}
    assert run.rows("gradient", relu) == [{"step": 0, "op": 1, "rms_in": 0.5, "rms_out": 1.0, "factor": 2.0}]
    assert run.rows("gradient", loss) == [{"step": 0, "op": 2, "rms_in": None, "rms_out": None, "factor": float("inf")}]
    assert run.rows("nothing", relu) == []
    assert (run.steps, run.samples, run.problems) == (2, [0], [(0, "something", "a reason", 2)])
    assert (run.meta["status"], json.loads(run.meta["versions"])) == ("finished", {"torch": "x"})
    assert str(run.optimizers[1]) == "SGD(lr=0.1)"
    assert (run.optimizers[1].line, run.optimizers[1].at_step.line) == (7, 9)
    (resting,) = run.resting
    assert (resting.name, resting.shape, resting.optimizer) == ("net.head", (2, 3), None)
    assert (resting.trainable, resting.called, resting.rms, resting.high) == (False, True, 0.5, 0.9)
    assert [(row["step"], row["training"], row["dropouts_off"]) for row in run.modes["net"]] == [(0, 1, 0), (4, 0, 2)]


def test_every_column_of_every_table_is_documented_in_the_file(path):
    with nl.watch(record=path):
        pass
    db = sqlite3.connect(path)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert set(tables) == {*TABLES, *(q.name for q in quantities())}
    documented = {
        (table, column): meaning for table, column, meaning in db.execute("SELECT tbl, col, meaning FROM doc")
    }
    held = {(table, row[1]) for table in tables for row in db.execute(f"PRAGMA table_info({table})")}
    assert set(documented) == held
    assert all(len(meaning) > 3 for meaning in documented.values())
    assert db.execute("SELECT count(*) FROM doc").fetchone() == (len(held),)
    assert db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == (str(SCHEMA_VERSION),)
    db.close()


def test_a_transaction_is_kept_whole_or_not_at_all(path):
    store = write(path)

    def half():
        with store.transaction():
            store.insert("sample", [(7, "spaced", 0.1, None)])
            store.insert("no_such_table", [(1,)])

    with pytest.raises(sqlite3.OperationalError):
        half()
    with store.transaction():
        store.insert("sample", [(8, "spaced", 0.1, None)])
    store.close()
    assert Run(path).samples == [0, 8]


def damaged(path, statement):
    write(path).close()
    made(path, statement)


def made(path, statement):
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda p: None, "no record at"),
        (lambda p: p.mkdir(), "no record at"),
        (lambda p: p.write_bytes(b""), "is not a record"),
        (lambda p: p.write_text("step,loss\n0,1\n"), "is not a record"),
        (lambda p: p.write_bytes(b"SQLite format 3\0" + bytes(200)), "damaged or is not a record"),
        (lambda p: (write(p).close(), p.write_bytes(p.read_bytes()[:3000])), "damaged"),
        (lambda p: (write(p).close(), p.write_bytes(p.read_bytes()[:-9000])), "damaged"),
        (lambda p: (write(p).close(), p.write_bytes(p.read_bytes()[:100] + bytes(9000))), "damaged"),
        (lambda p: made(p, "CREATE TABLE t (x)"), "not a record"),
        (lambda p: made(p, "CREATE TABLE meta (x)"), "record"),
        (
            lambda p: damaged(p, f"UPDATE meta SET value = '{SCHEMA_VERSION + 1}' WHERE key = 'schema'"),
            "upgrade",
        ),
        (lambda p: damaged(p, "UPDATE meta SET value = 'next' WHERE key = 'schema'"), "record"),
        (lambda p: damaged(p, "DROP TABLE op_parameter"), "op_parameter"),
        (lambda p: damaged(p, "DELETE FROM parameter"), "damaged"),
        (lambda p: damaged(p, "DELETE FROM op WHERE id = 1"), "damaged"),
        (lambda p: damaged(p, "UPDATE op SET shape = '[5, 3'"), "damaged"),
        (lambda p: damaged(p, "ALTER TABLE op DROP COLUMN facts"), "damaged"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(path, prepare, message):
    prepare(path)
    with pytest.raises(RecordError, match=message) as error:
        nl.diagnose(path)
    assert "\n" not in str(error.value)
    assert "run.nlr" in str(error.value)


def test_reading_changes_nothing(path):
    write(path).close()
    before = path.read_bytes()
    nl.diagnose(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_odd_names_are_only_data(tmp_path):
    path = tmp_path / "a b?c#%20'é.nlr"
    store = write(path)
    with store.transaction():
        store.insert("problem", [(1, "'); DROP TABLE op; --", "é\n\0", 1)])
    store.close()
    assert Run(path).problems[-1] == (1, "'); DROP TABLE op; --", "é\n\0", 1)


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path / "nowhere" / "run.nlr")


def test_closing_waits_for_a_reader(path):
    store = Store(path)
    reader = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
    assert reader.execute("SELECT count(*) FROM meta").fetchone()[0] > 0
    timer = threading.Timer(0.2, reader.close)
    timer.start()
    with store.transaction():
        store.meta(status="finished")
    store.close()
    timer.join()
    assert store.lost is None
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert Run(path).meta["status"] == "finished"
