"""Reading a record: the run as rules see it.

`Run` loads the small tables whole and quantities on demand, one table at a time.
May import: the standard library, `record.schema`, `record.opening`, `record.factor` and `record.subjects`.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any

from neurologist.record.factor import factor
from neurologist.record.opening import opened
from neurologist.record.schema import SCHEMA_VERSION, TABLES, RecordError
from neurologist.record.subjects import Op, Optimizer, Parameter, Resting

ROWS = 20_000  # of one quantity, at most so many are read: about 20 MB
PASSES = 4  # backward passes of a step that are examined, at most
LEAST = 16  # samples that are read, whatever the number of ops


class Run:
    """A record, opened for reading.

    Args:
        source: path of a record, or an open connection to one.
        until: the step before which to stop reading; None reads all.

    Raises:
        RecordError: there is no such file, it is no record, it is damaged, or it is newer than this reader.
    """

    def __init__(self, source: str | Path | sqlite3.Connection, until: int | None = None) -> None:
        self.path: str | None = None
        self._until = until
        self._before = "1" if until is None else f"step < {until}"
        if isinstance(source, sqlite3.Connection):
            self._db = source
        else:
            self.path = str(source)
            self._db = opened(Path(source))
        try:
            self._load()
        except RecordError:
            raise
        except (sqlite3.DatabaseError, KeyError, ValueError, TypeError) as error:
            what = f"{type(error).__name__}: {error}"
            raise RecordError(f"cannot read {self.path!r}, it is damaged or is not a record ({what})") from None

    def until(self, step: int) -> Run:
        """The same run as it stood before `step`; its `meta` stays that of the whole."""
        return Run(self._db, step)

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        return self._db.execute(f"SELECT {', '.join(TABLES[table])} FROM {table}").fetchall()

    def _load(self) -> None:
        names = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        if "meta" not in names:
            raise RecordError(f"{self.path!r} is an SQLite file but not a record: it has no table 'meta'")
        self.meta: dict[str, str] = dict(self._rows("meta"))
        version = int(self.meta.get("schema", 0))
        if version != SCHEMA_VERSION:
            cure = "upgrade it" if version > SCHEMA_VERSION else "record the run again"
            raise RecordError(f"{self.path!r} has schema {version}, this neurologist reads {SCHEMA_VERSION}: {cure}")
        if missing := sorted(set(TABLES) - names):
            raise RecordError(f"{self.path!r} is damaged: it has no table {missing[0]!r}")
        self._tables = names
        self._link()
        self.samples: list[int] = [
            row[0] for row in self._db.execute(f"SELECT step FROM sample WHERE {self._before} ORDER BY step")
        ]
        self.problems: list[tuple[int, str, str, int]] = self._rows("problem")

    def _link(self) -> None:
        self.parameters = {
            r[0]: Parameter(r[0], r[1], tuple(json.loads(r[2])), *r[3:]) for r in self._rows("parameter")
        }
        self.optimizers = {r[0]: Optimizer(r[0], r[1], json.loads(r[2]), *r[3:]) for r in self._rows("optimizer")}
        self.by_id: dict[int, Op] = {}
        for row in self._rows("op"):
            f = dict(zip(TABLES["op"], row, strict=True))
            f |= {"shape": tuple(json.loads(f["shape"])), "root": bool(f["root"])}
            f |= {"options": json.loads(f["options"]), "facts": json.loads(f["facts"])}
            self.by_id[f["id"]] = Op(**f)
        for op, slot, source in self._rows("edge"):
            self.by_id[op].inputs[slot] = self.by_id[source]
            self.by_id[source].consumers.append(self.by_id[op])
        for op, parameter in self._rows("op_parameter"):
            self.by_id[op].parameters.append(self.parameters[parameter])
        self.ops: list[Op] = sorted(self.by_id.values(), key=lambda op: op.position)

    # -- what happened at every step --------------------------------------------------------------------------

    @cached_property
    def losses(self) -> list[tuple[int, float | None]]:
        """(step, loss) of the first backward pass of every step; None where it was not finite.

        A loss that the program divides, as it does when it accumulates gradients, is given undivided.
        """
        rows = self._db.execute(f"SELECT step, loss FROM step WHERE pass = 0 AND {self._before} ORDER BY step")
        by = factor(self)
        return [(step, loss if loss is None else loss / by) for step, loss in rows]

    @cached_property
    def totals(self) -> dict[int, float]:
        """Step -> sum of the losses of those backward passes whose gradients are examined; steps with NaN left out."""
        steps = f"FROM step WHERE pass < {PASSES} AND {self._before}"
        wanted = f"SELECT step, SUM(loss) {steps} GROUP BY step HAVING MIN(finite) = 1"
        return dict(self._db.execute(wanted).fetchall())

    @property
    def steps(self) -> int:
        """Number of steps taken."""
        steps = int(self.meta.get("steps", len(self.losses)))
        return steps if self._until is None else min(steps, self._until)

    @cached_property
    def rates(self) -> dict[int, list[tuple[int, list[float]]]]:
        """Optimizer id -> (first step, learning rate of each group), in order."""
        found: dict[int, list[tuple[int, list[float]]]] = defaultdict(list)
        for step, optimizer, lr in self._db.execute(
            f"SELECT step, optimizer, lr FROM rate WHERE {self._before} ORDER BY step"
        ):
            found[optimizer].append((step, json.loads(lr)))
        return dict(found)

    @cached_property
    def resting(self) -> list[Resting]:
        """Parameters that no examined backward pass reached."""
        found = []
        for row in self._rows("resting"):
            fields = dict(zip(TABLES["resting"], row, strict=True))
            flags = {name: bool(fields[name]) for name in ("trainable", "called", "ahead", "changed")}
            found.append(Resting(**{**fields, **flags, "shape": tuple(json.loads(fields["shape"]))}))
        return found

    @cached_property
    def ranks(self) -> dict[int, dict[str, Any]]:
        """Processes that trained together, by number: what is known of each; see the `rank` table. {} for one alone."""
        return {row[0]: dict(zip(TABLES["rank"], row, strict=True)) for row in sorted(self._rows("rank"))}

    @cached_property
    def rank_samples(self) -> dict[int, list[dict[str, Any]]]:
        """What each process saw, in order of step; see the `rank_sample` table."""
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in sorted(self._rows("rank_sample"), key=lambda row: row[:2]):
            if self._until is None or row[0] < self._until:
                found[row[1]].append(dict(zip(TABLES["rank_sample"], row, strict=True)))
        return dict(found)

    @cached_property
    def gradient_norms(self) -> dict[int, float]:
        """Step -> L2 norm of the whole gradient that optimizers got; of samples that all processes told of."""
        squares: dict[int, list[float]] = defaultdict(list)
        for rows in self.rank_samples.values():
            for row in rows:
                if row["square"] is not None:
                    squares[row["step"]].append(row["square"])
        world = int(self.meta.get("world", 1))
        return {step: sum(parts) ** 0.5 for step, parts in sorted(squares.items()) if len(parts) == world}

    @cached_property
    def modes(self) -> dict[str, list[dict[str, Any]]]:
        """Model -> the modes in which it ran, in order of their first sample; see the `mode` table."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in sorted(row for row in self._rows("mode") if self._until is None or row[0] < self._until):
            found[row[1]].append(dict(zip(TABLES["mode"], row, strict=True)))
        return dict(found)

    # -- quantities -------------------------------------------------------------------------------------------

    @cached_property
    def _read(self) -> list[int] | None:
        """Samples whose rows are read, where not all are: both ends, what was out of the ordinary, some between."""
        most = max(LEAST, ROWS // max(1, len(self.ops)))
        if len(self.samples) <= most:
            return None
        events = [row[0] for row in self._db.execute("SELECT step FROM sample WHERE why NOT IN ('early', 'spaced')")]
        share = most // 4
        kept = {*self.samples[:share], *self.samples[-share:], *events[: share // 2], *events[-(share - share // 2) :]}
        rest = [step for step in self.samples if step not in kept]
        space = most - len(kept)
        return sorted(kept | {rest[i * len(rest) // space] for i in range(space)})

    @cached_property
    def _quantities(self) -> dict[str, dict[int, list[dict[str, Any]]]]:
        return {}

    def quantity(self, table: str) -> dict[int, list[dict[str, Any]]]:
        """The rows of a quantity: subject id -> rows in order of step, each a dict with "step"; {} if absent.

        Of a long run of many ops, a choice of samples is read: `ROWS` in all, or `LEAST` samples.
        """
        if table not in self._quantities:
            rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
            if table in self._tables:
                chosen = "1" if self._read is None else f"step IN ({', '.join(map(str, self._read))})"
                cursor = self._db.execute(f"SELECT * FROM {table} WHERE {chosen} AND {self._before} ORDER BY step")
                names = [c[0] for c in cursor.description]
                for row in cursor:
                    rows[row[1]].append(dict(zip(names, row, strict=True)))
            self._quantities[table] = rows
        return self._quantities[table]

    def rows(self, table: str, subject: Op | Parameter) -> list[dict[str, Any]]:
        """Rows of one op or parameter, in order of step."""
        return self.quantity(table).get(subject.id, [])

    def of_kind(self, *kinds: str) -> list[Op]:
        """Ops of the given kinds, in forward order."""
        return [op for op in self.ops if op.kind in kinds]
