"""One examination of one training run of a framework: what all callbacks share.

A callback begins it when training begins and ends it when training ends; it then prints, saves, logs, and keeps the
diagnosis. Nothing that goes wrong here reaches training.
"""

from __future__ import annotations

import atexit
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from neurologist.integrations.sinks import sentence, sink

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis
    from neurologist.watch.session import Session
    from neurologist.watch.sinks import Sink

logger = logging.getLogger("neurologist")


class Wishes(NamedTuple):
    """What the user asked a callback for.

    Attributes:
        budget: share of the training time that the examination may take; None for that of the settings, else 0.01.
        record: file for the record; None keeps it in memory.
        report: file for the report (.html, .json or .txt), in place of printing it.
        sinks: where each sample's numbers go too: names as `nl.sink` takes them, or sinks.
        lang: language of the report, "en" or "zh"; that of your locale by default, English for .json.
    """

    budget: float | None = None
    record: str | Path | None = None
    report: str | Path | None = None
    sinks: Sequence[str | Sink] = ()
    lang: str | None = None


class Examination:
    """Watches from `begin` to `end`.

    Where someone watches already (`neurologist run`, `nl.watch`), the examination is left to them.

    Attributes:
        diagnosis: of the run, once it ended.
    """

    def __init__(self) -> None:
        self.diagnosis: Diagnosis | None = None
        self._wishes, self._reports = Wishes(), True
        self._session: Session | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy, as in a checkpoint, watches nothing."""
        return {**self.__dict__, "_session": None}

    def begin(self, wishes: Wishes, reports: bool = True) -> None:
        """Start watching; ends what was begun and never ended.

        Args:
            wishes: what was asked for.
            reports: whether this process is the one that reports.
        """
        self.end("never ended by its framework")
        self._attempt("cannot begin", self._begin, wishes, reports)

    def _begin(self, wishes: Wishes, reports: bool) -> None:
        from neurologist.diagnose.languages import language
        from neurologist.watch.doors import watched
        from neurologist.watch.session import watch

        if watched():
            logger.info("someone watches this run already: the callback leaves it to them")
            return
        language(wishes.lang)  # one that there is not is told before training
        self._wishes, self._reports, self.diagnosis = wishes, reports, None
        sinks = [sink(s) if isinstance(s, str) else s for s in wishes.sinks] if reports else []
        record = _free(Path(wishes.record)) if wishes.record else None
        self._session = watch(wishes.budget, record, sinks=sinks)
        self._session.__enter__()
        atexit.register(self.end, "never ended by its framework")

    def end(
        self,
        status: str | None = None,
        log: Callable[[Diagnosis], None] | None = None,
        error: type[BaseException] | None = None,
    ) -> None:
        """Stop watching; on the process that reports, report.

        Args:
            status: how the run ended, where `error` does not say it.
            log: tells the framework's own logger.
            error: what training raised, if it did.
        """
        session, self._session = self._session, None
        if session is not None:
            atexit.unregister(self.end)
            self._attempt("cannot end", self._end, session, status, error)
        if session is not None and self.diagnosis is not None and self._reports:
            self._attempt("cannot report", self._report, self.diagnosis)
            if log is not None:
                self._attempt("cannot tell the framework's logger", log, self.diagnosis)

    def _end(self, session: Session, status: str | None, error: type[BaseException] | None) -> None:
        session.status = status or session.status
        session.__exit__(error, None, None)
        if self._reports and session.steps:
            self.diagnosis = session.diagnose()

    def _report(self, diagnosis: Diagnosis) -> None:
        import neurologist.report  # noqa: F401  # registers the formats

        told = diagnosis.in_language(_spoken(self._wishes))
        if self._wishes.report is None:
            print(told, flush=True)
        else:
            told.save(self._wishes.report)
            print(f"neurologist: {summary(diagnosis)} (report: {self._wishes.report})", flush=True)

    def _attempt(self, what: str, function: Callable[..., None], *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception as error:
            logger.error("%s: %s: %s; training is not touched by this", what, type(error).__name__, error)


class Examining:
    """What the frameworks' callbacks share: what the user asked for, and the diagnosis.

    The settings of the project hold, as they do for `nl.watch`.

    Args:
        budget: share of the training time that the examination may take; None for that of the settings, else 0.01.
        record: file for the record; None keeps it in memory.
        report: file for the report (.html, .json or .txt), in place of printing it.
        sinks: where each sample's numbers go too, e.g. "tensorboard=runs/a".
        lang: language of the report, "en" or "zh"; that of your locale by default, English for .json.
    """

    # What clones a callback, as skorch does, reads back every attribute whose name does not end in "_".
    def __init__(
        self,
        budget: float | None = None,
        record: str | Path | None = None,
        report: str | Path | None = None,
        sinks: Sequence[str | Sink] = (),
        lang: str | None = None,
    ) -> None:
        super().__init__()
        self.budget, self.record, self.report, self.sinks, self.lang = budget, record, report, sinks, lang
        self.examination_ = Examination()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Of the last run that ended."""
        return self.examination_.diagnosis

    def _begin(self, reports: bool = True) -> None:
        self.examination_.begin(Wishes(self.budget, self.record, self.report, self.sinks, self.lang), reports)


def summary(diagnosis: Diagnosis) -> str:
    """The root cause in one line."""
    return sentence(diagnosis.findings[0]) if diagnosis.findings else "nothing found"


def counts(diagnosis: Diagnosis) -> dict[str, float]:
    """How much was found, for loggers that take numbers only."""
    severities = [finding.severity for finding in diagnosis.findings]
    return {f"neurologist/{severity}s": float(severities.count(severity)) for severity in ("error", "warning")}


def _spoken(wishes: Wishes) -> str:
    """The language of the report: English too where the terminal has no letters for the one asked for."""
    from neurologist.diagnose.languages import ENGLISH, language

    if wishes.report is None:
        return language(wishes.lang) if "utf" in (sys.stdout.encoding or "utf-8").lower() else ENGLISH
    by_programs = wishes.lang is None and Path(wishes.report).suffix == ".json"
    return ENGLISH if by_programs else language(wishes.lang)


def _free(path: Path) -> Path:
    """The path, or where this process's record exists there, the next one where it does not: run-2.nlr."""
    from neurologist.watch.ranks import here, own

    found, number = path, 1
    while (mine := own(found, here())) is not None and mine.exists():
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found
