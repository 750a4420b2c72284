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
KEPT = 20  # records of one script; older ones make room for a new one
IDLE = 7 * 24 * 3600  # seconds after which a record that nobody closed is taken for one whose process died
README = f"""Records of examined training runs, made by neurologist. Read one with `neurologist diagnose FILE`.
Of each script the latest {KEPT} are kept; what has another name than neurologist gives stays.
Everything here can be deleted at any time.
"""


def default(stem: str) -> Path:
    """A new file name in the folder of records, which is made where it does not exist; old records make room.

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
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", stem)[:60] or "run"
    _make_room(folder, stem)
    name = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    path = folder / f"{name}.nlr"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.nlr"
    return path


def _make_room(folder: Path, stem: str) -> None:
    """Remove the oldest records of a script, so that with a new one `KEPT` remain; those being written stay."""
    ours = re.compile(re.escape(stem) + r"-(\d{8}-\d{6})(?:-(\d+))?\.nlr")
    named = [(found[1], int(found[2] or 1), path) for path in folder.iterdir() if (found := ours.fullmatch(path.name))]
    for *_, path in sorted(named)[: -(KEPT - 1)]:
        for one in (path, *folder.glob(f"{path.stem}.rank*.nlr")):  # of every process of a distributed run
            if not _being_written(one):
                discard(one)


def _being_written(record: Path) -> bool:
    """True for a record that stands open in a process: SQLite keeps a log beside it."""
    try:
        return time.time() - record.with_name(record.name + "-wal").stat().st_mtime < IDLE
    except OSError:
        return False


def discard(record: Path | None) -> None:
    """Remove a record that nobody needs, with SQLite's files beside it."""
    if record is None:
        return
    for end in ("", "-wal", "-shm"):
        with suppress(OSError):
            record.with_name(record.name + end).unlink()
