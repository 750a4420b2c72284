from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurologist.diagnose import Bar, Diagnosis, Evidence, Finding, Origin, Summary, Symptom, Waterfall
from neurologist.report import terminal
from neurologist.report.waterfall import MOST_ROWS


@pytest.fixture
def file(tmp_path: Path, made: SimpleNamespace) -> Path:
    path = tmp_path / "train.py"
    path.write_text(made.source)
    return path


def before(text: str, *parts: str) -> bool:
    places = [text.index(part) for part in parts]
    return places == sorted(places)


def test_the_root_cause_comes_first_and_says_what_to_change(file: Path, made: SimpleNamespace) -> None:
    text = " ".join(terminal.text(made.sick(file), base=file.parent).split())
    assert before(
        text,
        "ROOT CAUSE",
        "double-softmax",
        "cannot fall below 1.46",
        "train.py:4",
        "F.softmax",
        "What to change",
        "Return the logits",
        "Evidence",
        "1.23e-5",
        "It explains",
        "vanishing-gradient",
        "neurologist explain double-softmax",
        "Also found",
        "saturated-units",
        "unscaled-input",
        "Gradient from the loss",
        "Loss",
        "1,500 steps",
        "not measured: update norms",
    )


def test_the_line_stands_in_its_surroundings_and_is_marked(file: Path, made: SimpleNamespace) -> None:
    text = terminal.text(made.sick(file), base=file.parent)
    assert re.search(r"^ +2 │ +x = torch.sigmoid\(self.fc1\(x\)\)$", text, re.M)
    assert re.search(r"^ *▶ 4 │ +return F.softmax", text, re.M)


@pytest.mark.parametrize("change", ["gone", "edited", "binary", "folder"])
def test_only_the_recorded_line_is_shown_when_the_file_has_changed(
    file: Path, change: str, made: SimpleNamespace
) -> None:
    diagnosis = made.sick(file)
    file.unlink()
    if change == "edited":
        file.write_text("\n\n\nsomething = else_\n")
    elif change == "binary":
        file.write_bytes(bytes(range(256)) * 10)
    elif change == "folder":
        file.mkdir()
    text = terminal.text(diagnosis, base=file.parent)
    assert "▶ 4 │ return F.softmax(self.fc2(x), dim=1)" in text
    assert "something" not in text


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_line_fits(file: Path, width: int, ascii_only: bool, made: SimpleNamespace) -> None:
    for diagnosis in (made.sick(file), made.healthy(), Diagnosis()):
        text = terminal.text(diagnosis, width, ascii_only)
        assert all(len(line) <= width and line == line.rstrip() for line in text.splitlines())
        assert text.isascii() or not ascii_only


def test_a_healthy_run_says_so_with_the_numbers_that_were_looked_at(made: SimpleNamespace) -> None:
    text = terminal.text(made.healthy())
    assert "NOTHING FOUND" in text
    assert "1,500, of which 31 examined" in text
    assert "from 2.3 to 0.0712" in text
    assert "-3.0 decades over 3 ops" in text
    assert "most\n" not in text  # nothing is pointed at


def test_notes_do_not_make_a_run_sick(made: SimpleNamespace) -> None:
    note = Finding("unscaled-input", "NL201", "x", "info", "Inputs lie in [0, 16].")
    text = terminal.text(Diagnosis((note,), summary=made.summary()))
    assert before(text, "NOTHING FOUND", "For information", "Inputs lie in")
    assert "CAUSE" not in text


def test_a_run_without_a_sample_is_not_called_healthy() -> None:
    text = terminal.text(Diagnosis())
    assert "NOTHING FOUND" not in text
    assert "No step was examined" in text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("interrupted", "The run was interrupted. This is what had been seen after 1,500 steps."),
        ("failed: ValueError: boom", "The run failed: ValueError: boom."),
        ("cut off", "its process died"),
        ("stopped after 3 steps, as asked", "The run stopped after 3 steps, as asked."),
    ],
)
def test_a_partial_run_is_called_partial(status: str, said: str, made: SimpleNamespace) -> None:
    text = " ".join(terminal.text(made.sick(summary=made.summary(status))).split())
    assert before(text, said, "ROOT CAUSE")


def test_an_uncertain_cause_is_called_likely(made: SimpleNamespace) -> None:
    first = replace(made.sick().findings[0], certainty=0.5)
    assert "LIKELY CAUSE" in terminal.text(made.sick(findings=(first,)))


def test_the_op_that_loses_most_is_marked_but_never_the_loss(made: SimpleNamespace) -> None:
    text = terminal.text(made.sick())
    assert re.search(r"^ *sigmoid .*-2\.2 +-3\.0.*◀ most$", text, re.M)
    assert text.count("most\n") == 1


def test_places_name_their_file_once_when_it_is_one(made: SimpleNamespace) -> None:
    def drawn(*files: str) -> str:
        bars = tuple(Bar("relu", "activation", Origin(f"/code/{f}", 7), 1.0, 0.1, -1.0, -1.0) for f in files)
        text = terminal.text(made.sick(waterfall=Waterfall(0, bars)), 80)
        return text[text.index("Gradient") :]

    assert drawn("train.py", "train.py").count("train.py") == 1
    assert drawn("train.py", "train.py").count("line 7") == 2
    assert "train.py:7" in drawn("train.py", "model.py")
    assert "model.py:7" in drawn("train.py", "model.py")


def test_a_deep_network_is_folded(made: SimpleNamespace) -> None:
    def bar(i: int) -> Bar:
        return Bar(f"linear l{i}", "linear", Origin(), 1.0, 1.0, -0.1 if i != 150 else -4.0, -0.1 * i - 4 * (i >= 150))

    text = terminal.text(made.sick(waterfall=Waterfall(3, tuple(bar(i) for i in range(300)))))
    rows = text[text.index("Gradient") : text.index("Loss\n")].splitlines()
    assert len(rows) <= 2 * MOST_ROWS
    assert "linear l150" in text
    assert re.search(r"\(\d+ ops\)", text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
def test_numbers_that_are_none_are_drawn_too(value: float | None, made: SimpleNamespace) -> None:
    odd = Bar("relu", "activation", Origin(), value, value, value, value)
    diagnosis = made.sick(
        waterfall=Waterfall(0, (odd, odd, odd)),
        summary=Summary(steps=3, samples=3, loss_first=value, loss_last=value, losses=((0, 1.0), (1, value), (2, 3.0))),
    )
    text = terminal.text(diagnosis)
    assert "relu" in text
    if value is not None:
        assert "×" in text


def test_text_of_the_program_cannot_steer_the_terminal(tmp_path: Path, made: SimpleNamespace) -> None:
    nasty = "[bold red]not markup[/] \x1b[2J\u202e\x07 :smile: " + "n" * 10_000
    finding = Finding(
        nasty,
        "NL1",
        nasty,
        "error",
        nasty,
        nasty,
        Origin(str(tmp_path / nasty[:200]), 3, nasty, nasty),
        (Evidence(nasty, nasty, nasty, nasty, 3),),
        (Symptom(nasty, nasty, Origin(nasty, 1, nasty, nasty)),),
    )
    diagnosis = made.sick(
        findings=(finding, finding), waterfall=Waterfall(0, (Bar(nasty, "x", Origin(nasty, 1), 1, 1, 1, 1),))
    )
    for ascii_only in (False, True):
        text = terminal.text(diagnosis, 80, ascii_only)
        assert all(line.isprintable() for line in text.splitlines())
        assert "[bold red]not markup[/]" in text
        assert ":smile:" in text
        assert len(text) < 20_000


class Screen(io.StringIO):
    def __init__(self, terminal: bool = True, encoding: str = "utf-8") -> None:
        super().__init__()
        self.terminal, self._encoding = terminal, encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.usefixtures("plain_environment")
def test_colours_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch, made: SimpleNamespace) -> None:
    screen, pipe = Screen(), Screen(terminal=False)
    terminal.show(made.sick(), screen)
    terminal.show(made.sick(), pipe)
    assert "\x1b[1;31m" in screen.getvalue()
    assert "\x1b" not in pipe.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Screen()
    terminal.show(made.sick(), plain)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", plain.getvalue())


@pytest.mark.usefixtures("plain_environment")
def test_a_terminal_without_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch, made: SimpleNamespace) -> None:
    screen = Screen(encoding="ascii")
    terminal.show(made.sick(), screen)
    assert screen.getvalue().isascii()
    monkeypatch.setattr("sys.stdout", Screen(encoding="latin-1"))
    assert str(made.sick()).isascii()
