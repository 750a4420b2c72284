"""Reading a record back: later, on another machine, without torch."""

from __future__ import annotations

from pathlib import Path

from neurologist.diagnose import Diagnosis, Settings, examine
from neurologist.record import Run


def diagnose(record: str | Path, settings: Settings | None = None) -> Diagnosis:
    """Diagnose a run from its record.

    Args:
        record: file written by `watch(record=...)` or `neurologist run`.
        settings: of the user, as `neurologist.config` reads them; comments in the program hold without any.

    Raises:
        RecordError: there is no such file, it is no record, it is damaged, or it is newer than this package.
    """
    return examine(Run(record), settings=settings or Settings())
