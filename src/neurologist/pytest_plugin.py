"""What pytest loads: the fixture `neurologist`, and the diagnosis beside a failure of a test that uses it.

    def test_training(neurologist):
        accuracy = train()
        assert accuracy > 0.9  # where this fails, the report says what is wrong with the training
        assert_healthy(neurologist)

It is loaded by every pytest run where neurologist is installed, so that nothing but pytest is imported before a test
asks for the fixture. May import: pytest; `config`, `report`, `testing` and `watch` inside functions.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from neurologist.watch.session import Session

FIXTURE = "neurologist"
BUDGET = 1.0  # tests are short: twice their time is not long


@pytest.fixture
def neurologist(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session around the test, examined by the settings of the nearest pyproject.toml; `diagnose()` asks it."""
    from neurologist.config import ConfigError, settings_for
    from neurologist.watch.session import watch

    try:
        settings = settings_for(request.path, request.config.rootpath)
    except ConfigError as error:
        pytest.fail(str(error), pytrace=False)
    with watch(BUDGET if settings.budget is None else settings.budget, settings=settings) as session:
        yield session


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what was found to the report of a test that fails for another reason."""
    report = yield
    session = getattr(item, "funcargs", {}).get(FIXTURE)
    if report.when == "call" and report.failed and session is not None:
        found = _found(session, call)
        if found:
            report.sections.append((FIXTURE, found))
    return report


def _found(session: Session, call: pytest.CallInfo[None]) -> str:
    from neurologist.report.brief import brief
    from neurologist.testing import Sick
    from neurologist.watch.session import Session as Examined

    if not isinstance(session, Examined) or (call.excinfo is not None and call.excinfo.errisinstance(Sick)):
        return ""  # another fixture of that name; or the text has it already
    if not session.samples:
        return "nothing was examined: no .backward() was called while the session was open"
    try:
        return brief(session.diagnose(over_time=False), Path.cwd())
    except Exception as error:  # the test's own failure must be told in any case
        return f"the examination itself failed: {type(error).__name__}: {error}"
