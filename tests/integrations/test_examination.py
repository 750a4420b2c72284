"""What all callbacks share: begun and ended by a framework, it never harms training and never watches twice."""

import contextlib
import copy
import io
import json
import logging
import pickle
import subprocess
import sys

import pytest
import torch

import neurologist as nl
from neurologist.integrations._examination import Examination, Wishes
from neurologist.watch.doors import watched


def train(steps=3):
    weight = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        (weight**2).mean().backward()
        optimizer.step()


def test_it_watches_from_begin_to_end_and_prints(capsys):
    examination = Examination()
    examination.begin(Wishes())
    assert watched()
    train()
    examination.end()
    assert not watched()
    assert examination.diagnosis.summary.steps == 3
    assert examination.diagnosis.summary.status == "finished"
    assert "── neurologist ──" in capsys.readouterr().out


def test_a_process_that_does_not_report_watches_and_is_silent(capsys):
    examination = Examination()
    examination.begin(Wishes(), reports=False)
    assert watched()
    train()
    examination.end()
    assert examination.diagnosis is None
    assert capsys.readouterr().out == ""


def test_it_is_left_to_who_watches_already(capsys):
    with nl.watch() as session:
        examination = Examination()
        examination.begin(Wishes())
        train()
        examination.end()
        assert watched()
    assert session.steps == 3
    assert (examination.diagnosis, capsys.readouterr().out) == (None, "")


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(budget=7),
        Wishes(sinks=["nowhere"]),
        Wishes(record="/nowhere/run.nlr"),
        Wishes(report="/nowhere/r"),
        Wishes(lang="xx"),
    ],
)
def test_what_goes_wrong_is_logged_and_training_goes_on(wishes, caplog, capsys):
    examination = Examination()
    with caplog.at_level(logging.ERROR):
        examination.begin(wishes)
        train()
        examination.end()
    assert "training is not touched by this" in caplog.text
    assert not watched()


@pytest.mark.parametrize(
    ("lang", "locale", "chinese"),
    [(None, "en_GB.UTF-8", False), (None, "zh_CN.UTF-8", True), ("zh", "C", True), ("en", "zh_CN.UTF-8", False)],
)
def test_it_reports_in_the_language_asked_for_else_in_that_of_the_locale(
    lang, locale, chinese, tmp_path, capsys, monkeypatch
):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, locale)

    def told(report):
        examination = Examination()
        examination.begin(Wishes(report=report, lang=lang))
        logits = torch.eye(4, requires_grad=True)
        torch.nn.functional.cross_entropy(logits.softmax(1), torch.arange(4)).backward()  # softmax twice
        examination.end()
        printed = capsys.readouterr().out
        return printed if report is None else report.read_text(encoding="utf-8")

    assert ("损失" in told(None)) is chinese
    assert ('lang="zh' in told(tmp_path / "r.html")[:500]) is chinese
    assert ("损失" in json.loads(told(tmp_path / "r.json"))["findings"][0]["message"]) is (lang == "zh")


def test_a_terminal_without_chinese_letters_gets_english(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", terminal)
    examination = Examination()
    examination.begin(Wishes(lang="zh"))
    train()
    examination.end()
    terminal.flush()
    assert b"neurologist --" in terminal.buffer.getvalue()


def test_copies_watch_nothing(capsys):
    examination = Examination()
    examination.begin(Wishes())
    for other in (copy.deepcopy(examination), pickle.loads(pickle.dumps(examination))):
        other.end()
        assert watched()
    examination.end()
    assert not watched()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, "finished"),
        (SystemExit, "finished"),
        (KeyboardInterrupt, "interrupted"),
        (ValueError, "failed: ValueError"),
    ],
)
def test_what_training_raised_is_said_as_the_session_says_it(error, said, capsys):
    examination = Examination()
    examination.begin(Wishes())
    train()
    examination.end(error=error)
    with pytest.raises(error) if error else contextlib.nullcontext(), nl.watch() as session:
        train()
        if error:
            raise error
    assert examination.diagnosis.summary.status == session.diagnose().summary.status == said


def test_the_next_training_has_a_record_of_its_own(tmp_path, capsys):
    for _ in range(2):
        examination = Examination()
        examination.begin(Wishes(record=tmp_path / "run.nlr"))
        train()
        examination.end("interrupted")
    assert [nl.diagnose(tmp_path / name).summary.status for name in ("run.nlr", "run-2.nlr")] == ["interrupted"] * 2


def test_a_training_that_its_framework_never_ends_is_reported_with_the_process(tmp_path):
    program = (
        "import torch\nfrom neurologist.integrations._examination import Examination, Wishes\n"
        "Examination().begin(Wishes(report='report.json'))\n"
        "(torch.ones(3, requires_grad=True) ** 2).mean().backward()\nraise SystemExit('out of data')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "out of data" in done.stderr
    assert "never ended by its framework" in (tmp_path / "report.json").read_text()
