"""One line of JSON for each sample and each finding, appended to a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from neurologist.integrations.sinks import plain

if TYPE_CHECKING:
    from neurologist.diagnose.finding import Finding

TARGET = "=FILE"
PACKAGE = None


class JsonLines:
    """Appends `{"step": 3, "numbers": {...}}` and `{"step": 3, "finding": {...}}`; whole lines, written at once.

    Args:
        path: the file.
    """

    def __init__(self, path: str | Path) -> None:
        self._file = Path(path).absolute().open("a", encoding="utf-8", buffering=1)

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Append a line; a number that is not finite is null, for JSON has none."""
        finite = {name: value if abs(value) < float("inf") else None for name, value in values.items()}
        self._write({"step": step, "numbers": finite})

    def finding(self, step: int, finding: Finding) -> None:
        """Append a line."""
        self._write({"step": step, "finding": plain(finding)})

    def _write(self, row: Mapping[str, object]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


make = JsonLines
