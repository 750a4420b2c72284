"""Assertions on training, for any test framework: that a program learns, that a network is healthy.

Where one fails, its text is the diagnosis: the root cause, its line and its numbers.

    from neurologist.testing import assert_learns

    def test_training():
        assert_learns(train, steps=200)

pytest users also get the fixture `neurologist`, a session around the test (see `neurologist.pytest_plugin`).
It stands above the rooms, as the command line does. May import: `cli._stop`, `config`, `diagnose`, `report`,
`treat.script`, `watch`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from neurologist.cli._stop import stopping
from neurologist.config import settings_for
from neurologist.diagnose import Diagnosis, Settings
from neurologist.diagnose.finding import SEVERITIES
from neurologist.report import words
from neurologist.report.brief import brief
from neurologist.treat.script import Stop, script
from neurologist.watch.session import Session, watch

FALL = 0.2  # share of the loss: of what takes less away, the rules on slow learning speak too

__all__ = ["NotLearnt", "Sick", "assert_healthy", "assert_learns"]


class Sick(AssertionError):
    """The examination found something; the text says what and where."""


class NotLearnt(AssertionError):
    """The loss did not fall; the text says why, as far as that was seen."""


def assert_learns(
    program: Callable[[], object] | str | Path,
    *,
    arguments: Sequence[str] = (),
    steps: int | None = None,
    fall: float = FALL,
    loss: float | None = None,
    settings: Settings | None = None,
) -> Diagnosis:
    """Run a training program, every step examined as far as that pays, and fail unless it learns.

    It learns if its loss falls far enough and nothing is found that keeps it from learning. What the program raises
    passes through.

    Args:
        program: trains from scratch when it is called; or the path of a script.
        arguments: of the script, its `sys.argv[1:]`.
        steps: optimizer steps after which to stop it; None: at its own end.
        fall: share of the loss that has to be gone at the end, of the first or of that of guessing, whichever is lower.
        loss: highest mean loss of the last steps, in place of `fall`.
        settings: of the user; None for those above the script and the current folder.

    Raises:
        NotLearnt: the loss did not fall far enough, or was never seen.
        Sick: it did, and yet an error was found.
        ValueError: `fall` is above 1, or `steps` below 1.
    """
    __tracebackhide__ = True
    if fall > 1 or (steps is not None and steps < 1):
        raise ValueError(f"assert_learns got fall={fall}, steps={steps}: expected a share up to 1, and at least 1 step")
    path = Path(program) if isinstance(program, str | Path) else None
    run = script(str(path), arguments) if path is not None else program
    settings = settings_for(path, Path.cwd()) if settings is None else settings
    with watch(budget=1.0, settings=settings) as session:
        try:
            with stopping(session, steps):
                run()  # type: ignore[operator]
        except Stop as stop:
            session.status = str(stop)
    diagnosis = session.diagnose(over_time=False)
    fault = _fault(diagnosis, fall, loss)
    if fault:
        raise NotLearnt(f"{fault}\n{_why(diagnosis)}")
    return assert_healthy(diagnosis, at="error")


def assert_healthy(examined: Session | Diagnosis, *, at: Literal["error", "warning", "info"] = "warning") -> Diagnosis:
    """Fail where the examination found something.

    Args:
        examined: a session, still open or not, or its diagnosis.
        at: severity from which on a finding fails.

    Raises:
        Sick: it did, or no step was examined.
    """
    __tracebackhide__ = True
    diagnosis = examined if isinstance(examined, Diagnosis) else examined.diagnose(over_time=False)
    if not diagnosis.summary.samples:
        raise Sick("nothing was examined: no .backward() was called while the session was open")
    failing = [f for f in diagnosis.findings if SEVERITIES.index(f.severity) <= SEVERITIES.index(at)]
    if failing:
        found = ", ".join(dict.fromkeys(finding.rule for finding in failing))
        raise Sick(f"the examination found {found}\n{_why(diagnosis)}")
    return diagnosis


def _fault(diagnosis: Diagnosis, fall: float, most: float | None) -> str:
    """In which way a program did not learn; "" where it did."""
    seen = diagnosis.summary
    if not seen.samples or seen.loss_first is None:
        return "the program did not learn: no loss was seen, for it never called .backward()"
    went = f"in {words.plural(seen.steps, 'step')} its loss went from {words.number(seen.loss_first)} to "
    if seen.loss_last is None:
        return f"the program did not learn: {went}NaN or infinity"
    went += words.number(seen.loss_last)
    if most is not None:
        return (
            ""
            if seen.loss_last <= most
            else f"the program did not learn: {went}, expected at most {words.number(most)}"
        )
    if seen.gained is None or seen.gained < fall:
        gone = "not to be told" if seen.gained is None else f"{words.share(max(0.0, seen.gained))} of it gone"
        return f"the program did not learn: {went} ({gone}, expected at least {words.share(fall)})"
    return ""


def _why(diagnosis: Diagnosis) -> str:
    return brief(diagnosis) or "No rule sees why; more steps, or `nl.fix`, may tell."
