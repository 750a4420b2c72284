"""Writing a record: one transaction per sample, so that a killed process leaves all samples before it readable.

May import: the standard library and `record.schema`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from neurologist.record.schema import SCHEMA_VERSION, TABLES, Column, ddl, quantity_table


class Store:
    """An open record.

    Args:
        path: file to create, or None to keep the record in memory. An existing file is never overwritten.

    Raises:
        FileExistsError: `path` exists.
        sqlite3.OperationalError: the file cannot be created.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        if path is not None and Path(path).exists():
            raise FileExistsError(f"record {str(path)!r} exists: give another name, or remove it first")
        self.path = None if path is None else str(path)
        self._lock = threading.Lock()
        self.connection = sqlite3.connect(self.path or ":memory:", check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA wal_autocheckpoint=1")  # the file alone, copied at any time, is a whole record
        self.connection.execute("PRAGMA synchronous=OFF")  # survives kill -9; only a power cut can cost samples
        with self.transaction():
            for name, columns in sorted(TABLES.items(), key=lambda table: table[0] != "doc"):  # it describes the others
                self._create(name, columns)
            self.meta(schema=SCHEMA_VERSION, status="running")

    def transaction(self) -> Transaction:
        """A context in which all writes are kept or none."""
        return Transaction(self.connection, self._lock)

    def _create(self, name: str, columns: Mapping[str, Column]) -> None:
        self.connection.execute(ddl(name, columns))
        self.insert("doc", ((name, column, spec.meaning) for column, spec in columns.items()))

    def add_quantity(self, name: str, subject: str, columns: Mapping[str, str]) -> None:
        """Create a quantity's table; `subject` is "op" or "parameter"."""
        self._create(name, quantity_table(subject, columns))
        self.connection.execute(f"CREATE INDEX IF NOT EXISTS {name}_step ON {name} (step)")

    def meta(self, **values: Any) -> None:
        """Set entries of the `meta` table; None leaves an entry out."""
        rows = [(k, v if isinstance(v, str) else json.dumps(v)) for k, v in values.items() if v is not None]
        self.connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def insert(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to a table."""
        rows = list(rows)
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self.connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)

    def close(self) -> None:
        """Fold the write-ahead log into the file, so that reading it leaves nothing beside it, and close it."""
        self.connection.execute("PRAGMA journal_mode=DELETE")
        self.connection.close()


class Transaction:
    """All or nothing, from one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, lock: threading.Lock) -> None:
        self._connection, self._lock = connection, lock

    def __enter__(self) -> None:
        self._lock.acquire()
        self._connection.execute("BEGIN")

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        try:
            self._connection.execute("ROLLBACK" if kind else "COMMIT")
        finally:
            self._lock.release()
