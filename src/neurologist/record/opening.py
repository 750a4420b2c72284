"""Opening a record that somebody may be writing: at its place, or as a copy of what it holds now.

May import: the standard library, and of this room `closing`, `process` and `schema`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from neurologist.record.closing import Closing
from neurologist.record.process import alive
from neurologist.record.schema import RecordError


def opened(path: Path) -> sqlite3.Connection:
    """A connection that reads only.

    Raises:
        RecordError: there is no such file, or it is something else.
    """
    if not path.is_file():
        raise RecordError(f"no record at {str(path)!r}: expected a file written by `neurologist run --record`")
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise RecordError(f"{str(path)!r} is not a record: expected an SQLite file, got something else")
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, factory=Closing)


def copied(path: Path) -> sqlite3.Connection:
    """What a record holds now, in memory: its writer is kept from nothing while the copy is read.

    Raises:
        RecordError: as above, or it cannot be read at this moment.
    """
    copy = sqlite3.connect(":memory:", check_same_thread=False, factory=Closing)
    try:
        with closing(opened(path)) as source:
            source.backup(copy)
    except (sqlite3.Error, OSError) as error:
        copy.close()
        raise RecordError(f"cannot read {str(path)!r}: {error}") from None
    return copy


def going(path: Path) -> bool:
    """Whether a record is still being written, as far as can be told.

    Raises:
        RecordError: as above.
    """
    try:
        with closing(opened(path)) as record:
            meta = dict(record.execute("SELECT key, value FROM meta WHERE key IN ('status', 'process')").fetchall())
    except (sqlite3.Error, OSError) as error:
        raise RecordError(f"cannot read {str(path)!r}: {error}") from None
    return meta.get("status") == "running" and alive(meta.get("process")) is not False
