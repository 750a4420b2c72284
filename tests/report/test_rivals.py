"""Causes that cannot be told apart are said, with what would decide."""

import json
from dataclasses import replace
from types import SimpleNamespace

from neurologist import report
from neurologist.diagnose import Diagnosis, Rival

RIVALS = (
    Rival("lr_too_high", "Try 10 steps at a tenth of the learning rate: if the loss then falls, it is this."),
    Rival("bad_init", "Look at the loss of the first batch."),
)


def with_rivals(made: SimpleNamespace, rivals: tuple[Rival, ...] = RIVALS) -> Diagnosis:
    diagnosis = made.sick()
    first, *others = diagnosis.findings
    return replace(diagnosis, findings=(replace(first, rivals=rivals), *others))


def test_the_terminal_says_what_else_it_could_be_and_what_would_tell(made: SimpleNamespace) -> None:
    said = " ".join(report.terminal.text(with_rivals(made)).split())
    assert "It could also be" in said
    assert "lr too high: Try 10 steps at a tenth of the learning rate: if the loss then falls, it is this." in said
    assert said.index("lr too high") < said.index("bad init") < said.index("It explains")


def test_nothing_is_said_where_there_is_no_doubt(made: SimpleNamespace) -> None:
    assert "It could also be" not in report.terminal.text(with_rivals(made, ()))


def test_lines_with_rivals_fit(made: SimpleNamespace) -> None:
    text = report.terminal.text(with_rivals(made), width=60, ascii_only=True)
    assert max(map(len, text.splitlines())) <= 60


def test_json_has_them_as_data(made: SimpleNamespace) -> None:
    first, second, _ = json.loads(report.json.text(with_rivals(made)))["findings"]
    assert first["rivals"] == [{"cause": r.cause, "test": r.test} for r in RIVALS]
    assert second["rivals"] == []


def test_text_of_a_rival_cannot_steer_the_terminal(made: SimpleNamespace) -> None:
    text = report.terminal.text(with_rivals(made, (Rival("x\x1b[31m", "y\x1b]0;z\x07"),)))
    assert "\x1b" not in text
    assert "\x07" not in text
