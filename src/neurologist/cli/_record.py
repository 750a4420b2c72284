"""Where a run's record goes when the user names no file: `.neurologist/` in the current folder.

May import: the standard library.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

FOLDER = ".neurologist"
README = """Records of examined training runs, made by neurologist. Read one with `neurologist diagnose FILE`.
Everything here can be deleted at any time.
"""


def default(stem: str) -> Path:
    """A new file name in the folder of records, which is made where it does not exist.

    Raises:
        OSError: nothing can be written there.
    """
    folder = Path.cwd() / FOLDER
    if not folder.is_dir():
        folder.mkdir()
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        (folder / "README.txt").write_text(README, encoding="utf-8")
    if not os.access(folder, os.W_OK):
        raise PermissionError(13, "Permission denied", str(folder))
    name = f"{re.sub(r'[^A-Za-z0-9_-]', '_', stem)[:60] or 'run'}-{time.strftime('%Y%m%d-%H%M%S')}"
    path = folder / f"{name}.nlr"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.nlr"
    return path


def discard(record: Path | None) -> None:
    """Remove a record in which nothing was seen, with SQLite's files beside it."""
    if record is None:
        return
    for end in ("", "-wal", "-shm"):
        with suppress(OSError):
            record.with_name(record.name + end).unlink()
