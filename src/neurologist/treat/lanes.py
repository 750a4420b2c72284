"""Running the arms of a race in processes, and keeping what they gave.

May import: joblib and sqlite3; nothing of the program that runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

COLUMNS = "arm, seed, factor, worth, steps, error"
TABLE = (
    "CREATE TABLE IF NOT EXISTS result (settings TEXT, arm TEXT, seed INTEGER, factor REAL, worth REAL, "
    "steps INTEGER, error TEXT, PRIMARY KEY (settings, arm, seed))"
)


@dataclass(frozen=True)
class Result:
    """What one arm gave from one seed.

    Attributes:
        arm: its name; seed: from which it ran.
        factor: on the learning rate.
        worth: see `Task.worth`; None when it failed or diverged.
        steps: taken.
        error: what it failed with.
    """

    arm: str
    seed: int
    factor: float
    worth: float | None
    steps: int
    error: str | None = None


class Lanes:
    """The results of a race, in a file or in memory.

    Args:
        store: the file, or None.
        settings: what must be the same for a result to count: another program or other steps are another race.
    """

    def __init__(self, store: str | Path | None, settings: str) -> None:
        self._db = sqlite3.connect(":memory:" if store is None else str(store))
        self._db.execute(TABLE)
        self._settings = settings

    def __enter__(self) -> Lanes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    @property
    def results(self) -> list[Result]:
        """All that are there."""
        rows = self._db.execute(f"SELECT {COLUMNS} FROM result WHERE settings = ?", (self._settings,))
        return [Result(*row) for row in rows]

    def run(
        self,
        one: Callable[[str, int], Result],
        wanted: list[tuple[str, int]],
        jobs: int,
        told: Callable[[Result], None] | None,
    ) -> list[Result]:
        """Run what is wanted and not there yet; each result is kept when it ends."""
        from joblib import Parallel, delayed

        there = {(result.arm, result.seed) for result in self.results}
        missing = [pair for pair in wanted if pair not in there]
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
        for result in parallel(delayed(one)(*pair) for pair in missing):
            row = (self._settings, result.arm, result.seed, result.factor, result.worth, result.steps, result.error)
            with self._db:
                self._db.execute("INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            if told is not None:
                told(result)
        return [result for result in self.results if (result.arm, result.seed) in set(wanted)]
