"""What the arms of a race gave, kept in an SQLite file: a race that was cut off goes on where it stopped.

May import: the standard library, `record`.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from neurologist.record.closing import Closing

COLUMNS = "arm, seed, factor, worth, steps, seconds, gradient, found, curve, error"
TABLE = (
    "CREATE TABLE IF NOT EXISTS lane (settings TEXT, arm TEXT, seed INTEGER, factor REAL, worth REAL, steps INTEGER, "
    "seconds REAL, gradient REAL, found TEXT, curve TEXT, error TEXT, PRIMARY KEY (settings, arm, seed))"
)


class BadStore(RuntimeError):
    """A file is no store of races."""


@dataclass(frozen=True)
class Result:
    """What one arm gave from one seed.

    Attributes:
        arm: its name. seed: from which it ran.
        factor: on the learning rate.
        worth: see `Task.worth`; None when it failed or diverged.
        steps: taken. seconds: they took.
        gradient: decades that the gradient loses (below 0) or wins to the first layer; None where it was not seen.
        found: rules that speak of an error or a warning.
        curve: (step, worth of the latest batches up to it) pairs.
        error: what it failed with.
    """

    arm: str
    seed: int
    factor: float
    worth: float | None
    steps: int
    seconds: float = 0.0
    gradient: float | None = None
    found: tuple[str, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    error: str | None = None

    def reached(self, worth: float) -> int | None:
        """The step at which it first came to a worth."""
        return next((step for step, value in self.curve if value >= worth), None)


class Lanes:
    """The results of a race, in a file or in memory.

    Args:
        store: the file, or None.
        settings: what must be the same for a result to count: another program or other steps are another race.

    Raises:
        BadStore: the file is something else, or cannot be written.
    """

    def __init__(self, store: str | Path | None, settings: str) -> None:
        self._settings = settings
        try:
            self._db = sqlite3.connect(":memory:" if store is None else str(store), factory=Closing)
            self._db.execute(TABLE)
        except sqlite3.Error as error:
            raise BadStore(f"store {str(store)!r} cannot be used: {error}; name a new file") from None

    def __enter__(self) -> Lanes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    @property
    def results(self) -> list[Result]:
        """All that are there."""
        rows = self._db.execute(f"SELECT {COLUMNS} FROM lane WHERE settings = ?", (self._settings,))
        return [_result(row) for row in rows]

    def keep(self, result: Result) -> None:
        """One more; it is on the disk when this returns."""
        r = result
        row = (r.arm, r.seed, r.factor, r.worth, r.steps, r.seconds, r.gradient, *map(json.dumps, (r.found, r.curve)))
        with self._db:
            self._db.execute(f"INSERT OR REPLACE INTO lane VALUES (?{', ?' * 10})", (self._settings, *row, r.error))


def _result(row: tuple[Any, ...]) -> Result:
    arm, seed, factor, worth, steps, seconds, gradient, found, curve, error = row
    pairs = tuple((int(step), float(value)) for step, value in json.loads(curve))
    return Result(arm, seed, factor, worth, steps, seconds, gradient, tuple(json.loads(found)), pairs, error)
