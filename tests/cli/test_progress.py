from __future__ import annotations

import io
import re
from types import SimpleNamespace

import pytest

from neurologist.cli import _progress
from neurologist.cli._progress import ERASE, Progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        """What a reader sees on the last line, with erasing done."""
        return re.split(r"\n|\r\x1b\[K", self.getvalue())[-1]


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=0.0)


@pytest.fixture
def line(screen: Screen, clock: SimpleNamespace) -> Progress:
    session = SimpleNamespace(steps=1200, samples=31, loss=0.25)
    return Progress(session, screen, lambda: clock.now)


def test_it_appears_after_a_silence_and_goes_before_the_next_output(
    line: Progress, screen: Screen, clock: SimpleNamespace
) -> None:
    clock.now = 9.0
    line.step()
    assert screen.getvalue() == ""
    clock.now = 75.0
    line.step()
    assert screen.shown() == "neurologist: step 1,200, 31 examined, loss 0.25, 1:15"
    line.saw("epoch 1\n")
    assert screen.getvalue().endswith(ERASE)
    line.step()
    assert screen.shown() == ""


def test_it_is_drawn_at_most_once_a_second(line: Progress, screen: Screen, clock: SimpleNamespace) -> None:
    for tenth in range(200, 300):
        clock.now = tenth / 10
        line.step()
    assert 9 <= screen.getvalue().count("neurologist:") <= 10


def test_it_leaves_a_line_that_the_program_began_alone(line: Progress, screen: Screen, clock: SimpleNamespace) -> None:
    line.saw("epoch 1 ... ")
    clock.now = 60.0
    line.step()
    assert screen.getvalue() == ""
    line.saw("done\n")
    clock.now = 120.0
    line.step()
    assert "step 1,200" in screen.shown()


def test_a_forked_child_does_not_erase(line: Progress, screen: Screen, clock: SimpleNamespace) -> None:
    clock.now = 60.0
    line.step()
    line.process += 1
    before = screen.getvalue()
    line.saw("from the child\n")
    assert screen.getvalue() == before


def test_it_listens_to_the_program_and_lets_go_again(monkeypatch: pytest.MonkeyPatch, screen: Screen) -> None:
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(_progress, "SILENCE", -1.0)
    monkeypatch.setattr(_progress, "PAUSE", -1.0)
    import torch

    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    with _progress.progress(SimpleNamespace(steps=1, samples=1, loss=None), wanted=True):
        optimizer.step()
        assert screen.shown() == "neurologist: step 1, 1 examined, 0:00"
        print("said")
        assert screen.getvalue().endswith(f"{ERASE}said\n")
        optimizer.step()
    assert screen.shown() == ""
    assert "write" not in vars(screen)
    count = len(screen.getvalue())
    optimizer.step()
    assert len(screen.getvalue()) == count


@pytest.mark.parametrize("why", ["quiet", "no terminal", "dumb"])
def test_it_stays_away(monkeypatch: pytest.MonkeyPatch, screen: Screen, why: str) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO() if why == "no terminal" else screen)
    monkeypatch.setenv("TERM", "dumb" if why == "dumb" else "xterm")
    with _progress.progress(SimpleNamespace(steps=1, samples=1, loss=None), wanted=why != "quiet"):
        assert "write" not in vars(screen)
