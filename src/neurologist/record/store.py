"""Writing a record: one transaction per sample, so that a killed process leaves all samples before it readable.

Where the file can no longer be written (the disk is full, gone or read-only), the record goes on in memory, whole.
May import: the standard library, `closing` and `schema`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from neurologist.record.closing import Closing
from neurologist.record.schema import SCHEMA_VERSION, TABLES, Column, ddl, quantity_table

PATIENCE = 50  # times that a reader is waited for, 20 ms each
Statement = tuple[str, "list[Sequence[Any]]"]


class Store:
    """An open record.

    Args:
        path: file to create, or None to keep the record in memory. An existing file is never overwritten.

    Attributes:
        path: the file that is written; None while the record is in memory.
        lost: why the file is no longer written, or never was; None where all is well.

    Raises:
        FileExistsError: `path` exists.
        sqlite3.OperationalError: there is no folder to write it in.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        if path is not None and Path(path).exists():
            raise FileExistsError(f"record {str(path)!r} exists: give another name, or remove it first")
        self.path: str | None = None
        self.lost: str | None = None
        self._shown = str(path)
        self._lock = threading.Lock()
        self._done: list[Statement] = []  # what the transaction in progress did, to do it again elsewhere
        self._file: tuple[int, int] | None = None
        if path is None:
            self._begin(None)
        else:
            self._begin_in(Path(path).absolute())

    def _begin(self, path: str | None) -> None:
        self.connection = _connect(path)
        with self.transaction():
            for name, columns in sorted(TABLES.items(), key=lambda table: table[0] != "doc"):  # it describes the others
                self._create(name, columns)
            self.meta(schema=SCHEMA_VERSION, status="running")

    def _begin_in(self, path: Path) -> None:
        try:
            self._begin(str(path))
        except sqlite3.DatabaseError as error:
            if not path.parent.is_dir():
                raise
            for end in ("", "-wal", "-shm"):
                with suppress(OSError):
                    path.with_name(path.name + end).unlink()
            self._begin(None)
            self._tell(f"{error}: kept in memory instead, for the report of this run alone")
        else:
            self.path, self._file = str(path), _identity(str(path))

    # -- writing ----------------------------------------------------------------------------------------------

    def transaction(self) -> Transaction:
        """A context in which all writes are kept or none."""
        return Transaction(self, self._lock)

    def execute(self, sql: str, rows: Iterable[Sequence[Any]] = ((),)) -> None:
        """Run a statement for each of the rows, inside a transaction."""
        statement = (sql, list(rows))
        try:
            _run(self.connection, statement)
        except sqlite3.DatabaseError as error:
            self._retreat(error, statement)
        self._done.append(statement)

    def _create(self, name: str, columns: Mapping[str, Column]) -> None:
        self.execute(ddl(name, columns))
        self.insert("doc", ((name, column, spec.meaning) for column, spec in columns.items()))

    def add_quantity(self, name: str, subject: str, columns: Mapping[str, str]) -> None:
        """Create a quantity's table; `subject` is "op" or "parameter"."""
        self._create(name, quantity_table(subject, columns))
        self.execute(f"CREATE INDEX IF NOT EXISTS {name}_step ON {name} (step)")

    def meta(self, **values: Any) -> None:
        """Set entries of the `meta` table; None leaves an entry out."""
        rows = [(k, v if isinstance(v, str) else json.dumps(v)) for k, v in values.items() if v is not None]
        self.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def insert(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to a table."""
        rows = list(rows)
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)

    def begin(self) -> None:
        """Begin a transaction; for `Transaction`."""
        self._done.clear()
        self.connection.execute("BEGIN")

    def end(self, kept: bool) -> None:
        """Keep what the transaction wrote, or drop it; for `Transaction`."""
        try:
            if kept:
                self._commit()
            elif self.connection.in_transaction:  # SQLite may have rolled it back itself
                self.connection.execute("ROLLBACK")
        finally:
            self._done.clear()

    def _commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._retreat(error)
            self.connection.execute("COMMIT")

    def close(self) -> None:
        """Fold the write-ahead log into the file, so that reading it leaves nothing beside it, and close it.

        What is in memory stays readable. A thread that writes is waited for.
        """
        with self._lock:
            if self.path is not None:
                self._close(self.path)

    def _close(self, path: str) -> None:
        if _identity(path) != self._file:
            self._take(self._copy())
            self._tell("removed or replaced while the run went on: what it held stands in the report of this run alone")
            self.connection.execute("COMMIT")
            return
        try:
            self._fold()
        except sqlite3.DatabaseError as error:
            self._retreat(error)
            self.connection.execute("COMMIT")
            return
        self.connection.close()

    def _fold(self) -> None:
        for left in reversed(range(PATIENCE)):
            try:
                self.connection.execute("PRAGMA journal_mode=DELETE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or not left:
                    raise
                time.sleep(0.02)  # somebody reads it at this moment

    # -- when the file fails ----------------------------------------------------------------------------------

    def _retreat(self, error: sqlite3.DatabaseError, *more: Statement) -> None:
        """Go on in memory, in the same transaction.

        Raises:
            sqlite3.DatabaseError: `error`, where memory would not help: the statement is wrong, or nothing can be read.
        """
        if self.path is None:
            raise error
        with suppress(sqlite3.Error):
            self.connection.execute("ROLLBACK")
        try:
            memory = self._copy()
            for statement in (*self._done, *more):
                _run(memory, statement)
        except sqlite3.Error:
            raise error from None
        self._take(memory)
        self._tell(f"{error}: from step {self._steps()} on kept in memory instead, for the report of this run alone")

    def _copy(self) -> sqlite3.Connection:
        memory = _connect(None)
        self.connection.backup(memory)
        memory.execute("BEGIN")
        return memory

    def _take(self, memory: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            self.connection.close()
        self.connection, self.path = memory, None

    def _steps(self) -> int:
        """Steps that the record knows."""
        return int(self.connection.execute("SELECT COALESCE(MAX(step), 0) FROM step").fetchone()[0])

    def _tell(self, why: str) -> None:
        """Put it where all stands that could not be done."""
        self.lost = why
        row = (self._steps(), f"the record {self._shown!r}", why, 1)
        self.connection.execute("INSERT INTO problem VALUES (?, ?, ?, ?)", row)


def _connect(path: str | None) -> sqlite3.Connection:
    connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, factory=Closing)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=1")  # the file alone, copied at any time, is a whole record
    connection.execute("PRAGMA synchronous=OFF")  # survives kill -9; only a power cut can cost samples
    return connection


def _run(connection: sqlite3.Connection, statement: Statement) -> None:
    sql, rows = statement
    if len(rows) == 1:
        connection.execute(sql, rows[0])
    else:
        connection.executemany(sql, rows)


def _identity(path: str) -> tuple[int, int] | None:
    """Which file a name stands for; None for none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Transaction:
    """All or nothing, from one thread at a time."""

    def __init__(self, store: Store, lock: threading.Lock) -> None:
        self._store, self._lock = store, lock

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._store.begin()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        try:
            self._store.end(kept=kind is None)
        finally:
            self._lock.release()
