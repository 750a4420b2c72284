"""Reading a record back: later, on another machine, without torch."""

from __future__ import annotations

from pathlib import Path

from neurologist.config import current, settings_for
from neurologist.diagnose import Diagnosis, Settings, examine
from neurologist.record import Run


def diagnose(record: str | Path, settings: Settings | None = None) -> Diagnosis:
    """Diagnose a run from its record.

    Args:
        record: file written by `watch(record=...)` or `neurologist run`.
        settings: of the user; None for those of `[tool.neurologist]` in the nearest `pyproject.toml` above the record,
            else above the current folder. `neurologist.diagnose.Settings()` for none.

    Raises:
        ConfigError: the settings cannot be used.
        RecordError: there is no such file, it is no record, it is damaged, or it is newer than this package.
    """
    run = Run(record)
    return examine(run, settings=settings_for(Path(record), current()) if settings is None else settings)
