"""Where numbers go besides the record: what arrives is what the record holds, and no sink can harm training."""

import importlib.util
import json
import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

import neurologist as nl
from neurologist.integrations.sinks import SinkError, members
from neurologist.record import Run
from neurologist.watch.sinks import numbers

PACKAGES = [name for name, member in members().items() if member.PACKAGE]


def train(steps=20, sick=True):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3), *([nn.Softmax(1)] if sick else []))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    for _ in range(steps):
        x = torch.randn(16, 6)
        loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in model.parameters()]


class Kept:
    def __init__(self):
        self.seen, self.findings, self.closed = {}, [], 0

    def numbers(self, step, values):
        self.seen[step] = dict(values)

    def finding(self, step, finding):
        self.findings.append((step, finding.rule, finding.severity))

    def close(self):
        self.closed += 1


def test_a_sink_gets_what_the_record_holds():
    kept = Kept()
    with nl.watch(sinks=[kept]) as session:
        train()
    run = Run(session._store.connection)
    assert list(kept.seen) == run.samples
    first = kept.seen[0]
    assert (0, first["loss"]) == run.losses[0]
    assert first["lr"] == 0.25
    parameters = {parameter.name: parameter for parameter in run.parameters.values()}
    for name, parameter in parameters.items():
        row = next(row for row in run.rows("weights", parameter) if row["step"] == 0)
        assert first[f"update ratio/{name}"] == row["ratio"]
        assert first[f"weight gradient/{name}"] == row["gradient"]
    relu = next(op for op in run.ops if op.member == "relu")
    assert first[f"activation mean/{relu.module} relu"] == run.rows("activation", relu)[0]["mean"]
    assert first["gradient/model.2 linear"] > 0
    assert not any(" t" in name.rpartition("/")[2] for name in first)  # a transposed weight computes nothing
    assert kept.closed == 1


def test_findings_appear_while_it_trains_and_only_once():
    kept = Kept()
    with nl.watch(budget=1.0, sinks=[kept]) as session:
        train(60)
    rules = [rule for _, rule, _ in kept.findings]
    assert ("double-softmax", "error") in [entry[1:] for entry in kept.findings if entry[0] < 59]
    assert len(rules) == len(set(rules))
    assert {f.rule for f in session.diagnose().findings} <= set(rules)


class Broken:
    def numbers(self, step, values):
        raise ConnectionError("the dashboard is down")

    finding = numbers

    def close(self):
        raise OSError("the disk is full")


def test_a_sink_that_fails_changes_no_weight_and_is_told_at_the_end():
    plain = train()
    kept = Kept()
    with nl.watch(sinks=[Broken(), kept]) as session:
        watched = train()
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert list(kept.seen) == Run(session._store.connection).samples  # the others go on
    told = " ".join(map(str, session.diagnose().not_measured))
    assert "the dashboard is down" in told
    assert "the disk is full" in told


def test_two_ops_at_one_place_have_two_names(tmp_path):
    weight = nn.Parameter(torch.eye(3))
    kept = Kept()
    with nl.watch(sinks=[kept]):
        torch.relu(torch.relu(torch.randn(4, 3) @ weight) + 1).sum().backward()
    means = [name for name in kept.seen[0] if name.startswith("activation mean/")]
    assert [name.rpartition("relu")[2] for name in means] == ["", " #2"]


def test_numbers_of_a_step_that_was_not_sampled_are_few():
    with nl.watch() as session:
        train()
    assert numbers(session._store, 10**6) == {"lr": 0.25}


def test_lines_of_json(tmp_path):
    path = tmp_path / "run.jsonl"
    with nl.watch(sinks=[nl.sink(f"jsonl={path}")]):
        train()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows[0]["step"] == 0
    assert rows[0]["numbers"]["lr"] == 0.25
    (found,) = [row["finding"] for row in rows if row.get("finding", {}).get("rule") == "double-softmax"]
    assert found["origin"] == {"file": __file__, "line": found["origin"]["line"], "module": "model.3"}


def test_a_logger(caplog):
    with caplog.at_level(logging.DEBUG), nl.watch(sinks=[nl.sink("logging=mine")]):
        train()
    levels = [(r.name, r.levelno) for r in caplog.records if r.getMessage().startswith("step")]
    assert ("mine", logging.DEBUG) in levels
    assert ("mine", logging.ERROR) in levels
    assert any("error double-softmax at " in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere=x", "got 'nowhere', expected one of jsonl=FILE, logging[=LOGGER], "),
        ("jsonl", "sink 'jsonl' needs an argument: jsonl=FILE"),
    ],
)
def test_a_sink_that_cannot_be_had(name, said):
    with pytest.raises(SinkError, match=said.replace("[", r"\[")):
        nl.sink(name)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_missing_package_is_named_with_how_to_get_it(name, monkeypatch):
    monkeypatch.setitem(sys.modules, members()[name].PACKAGE, None)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(SinkError, match=f"try `pip install {members()[name].PACKAGE}`"):
        nl.sink(f"{name}=x")


READ = {
    "tensorboard": """
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        events = EventAccumulator("there"); events.Reload()
        print(json.dumps([[e.step, e.value] for e in events.Scalars("loss")]))
        print(events.Tensors("neurologist/double-softmax/text_summary")[0].tensor_proto.string_val[0].decode())
    """,
    "mlflow": """
        import mlflow
        client = mlflow.MlflowClient()
        (run,) = client.search_runs([client.get_experiment_by_name("neurologist").experiment_id])
        history = sorted(client.get_metric_history(run.info.run_id, "neurologist/loss"), key=lambda m: m.step)
        print(json.dumps([[m.step, m.value] for m in history]))
        print(run.data.tags["neurologist.double-softmax"], run.info.status)
    """,
    "trackio": """
        from trackio.sqlite_storage import SQLiteStorage
        (run,) = SQLiteStorage.get_runs("there")
        logs = SQLiteStorage.get_logs("there", run)
        print(json.dumps([[row["neurologist/step"], row["neurologist/loss"]] for row in logs]))
        print([alert["text"] for alert in SQLiteStorage.get_alerts("there") if "double" in alert["title"]])
    """,
    "wandb": """
        import pathlib, struct
        from wandb.proto import wandb_internal_pb2
        raw = next(pathlib.Path("wandb").glob("offline-run-*/*.wandb")).read_bytes()
        seen, told, at, data = [], [], 7, b""
        while at + 7 <= len(raw):  # LevelDB's log: blocks of 32 KiB, a record in one piece or several
            if (rest := 32768 - at % 32768) < 7:
                at += rest
                continue
            size, piece = struct.unpack("<HB", raw[at + 4 : at + 7])
            data = raw[at + 7 : at + 7 + size] if piece in (1, 2) else data + raw[at + 7 : at + 7 + size]
            at += 7 + size
            if piece in (2, 3):
                continue
            record = wandb_internal_pb2.Record(); record.ParseFromString(data)
            row = {(i.key or "/".join(i.nested_key)): json.loads(i.value_json) for i in record.history.item}
            if "neurologist/loss" in row:
                seen.append([row["neurologist/step"], row["neurologist/loss"]])
            if record.HasField("alert"):
                told.append(record.alert.text)
        print(json.dumps(seen))
        print([text for text in told if "double-softmax" in text])
    """,
}
PROGRAM = """
import json
import neurologist as nl
from test_sinks import Kept, train

kept = Kept()
with nl.watch(sinks=[kept, nl.sink("{sink}")]) as session:
    train()
print(json.dumps([str(part) for part in session.diagnose().not_measured]))
print(json.dumps([[step, values["loss"]] for step, values in kept.seen.items()]))
"""


@pytest.mark.parametrize("name", READ)
def test_a_dashboard_holds_every_sample_and_the_finding(name, tmp_path, root):
    if importlib.util.find_spec(members()[name].PACKAGE) is None:
        missing = f"{members()[name].PACKAGE} is not installed"
        wanted = name in os.environ.get("NEUROLOGIST_NEEDS_SINKS", "").split(",")
        (pytest.fail if wanted else pytest.skip)(missing)
    target = f"sqlite:///{tmp_path}/mlflow.db" if name == "mlflow" else "there"
    path = os.pathsep.join(filter(None, [str(root / "src"), str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))
    offline = {"WANDB_MODE": "offline", "TRACKIO_DIR": str(tmp_path / "trackio"), "WANDB_SILENT": "true"}
    address = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"}

    def lines(program):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, **offline, **address, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if line.startswith(("[", "error"))]

    problems, sent = map(json.loads, lines(PROGRAM.format(sink=f"{name}={target}"))[-2:])
    found, said = lines("import json\n" + textwrap.dedent(READ[name]))[-2:]  # another process: all must be written
    assert problems == []
    assert json.loads(found) == [[step, pytest.approx(loss, rel=1e-6)] for step, loss in sent]
    assert "error double-softmax at " in said
