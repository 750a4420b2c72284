"""How the processes of one training differ: each tells what it saw, the first writes it side by side.

All that is told is read from a process's own record, which holds it already. May import: the record, `watch`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from neurologist.record import Store
from neurologist.watch.peers import Agreed, Peers, join
from neurologist.watch.sampler import Sampler

ROUNDING = 1e-10  # of the RMS: the same entries, summed on another device, differ by less
KEPT = 50  # own notes that wait for those of the others
INPUTS = "low, high, mean, std, rms, rows, varying, nonfinite"
Note = Mapping[str, Any]


class Comparing:
    """What a session shares with those of other processes; nothing, where there are none.

    Args:
        store: the session's record.
        sampler: the session's, which looks at the steps that all look at once there are others.
    """

    def __init__(self, store: Store, sampler: Sampler) -> None:
        self._store, self._sampler = store, sampler
        self._peers: Peers | None = None
        self._mine: dict[int, Note] = {}  # of the first process: step -> what it saw itself
        self._others: set[int] = set()
        self._waiting: list[tuple[int, Note]] = []  # of steps that this process has still to look at
        self._left: dict[int, Note] = {}

    def join(self) -> int:
        """Meet the others, where that has not happened and they are there; gives how many there are in all."""
        if self._peers is None and (peers := join()) is not None:
            self._peers, self._sampler.plan = peers, Agreed(peers)
            with self._store.transaction():
                self._store.meta(rank=peers.rank.number, world=peers.rank.world)
        return 1 if self._peers is None else self._peers.rank.world

    def sample(self, step: int) -> None:
        """Tell what was seen at a step that was just written."""
        if self._peers is None:
            return
        note = seen(self._store, step)
        if self._peers.rank.number:
            self._peers.tell(note)
            return
        self._mine[step] = note
        with self._store.transaction():
            self._write(step, 0, note, note)
        self._hear()
        self._compare(step)
        while len(self._mine) > KEPT:
            del self._mine[next(iter(self._mine))]

    def end(self, status: str, steps: int) -> None:
        """Tell how the run ended; the first process waits a moment for the same of the others."""
        if self._peers is None:
            return
        last = self._peers.leave(end=status, steps=steps)
        if self._peers.rank.number or last is None:
            return
        self._peers.waiting(self._missing)
        self._compare(steps)
        self._left[0] = last
        rows = [(n, note["end"], note["steps"], note["place"]) for n, note in self._left.items()]
        with self._store.transaction():
            self._store.execute("UPDATE rank SET status = ?2, steps = ?3, place = ?4 WHERE rank = ?1", rows)

    def _missing(self) -> int:
        """How many of those that told something did not leave yet."""
        self._hear()
        return len(self._others - self._left.keys())

    def _hear(self) -> None:
        assert self._peers is not None
        for number, notes in self._peers.heard().items():
            self._others.add(number)
            for note in notes:
                if "end" in note:
                    self._left[number] = note
                else:
                    self._waiting.append((number, note))

    def _compare(self, step: int) -> None:
        """Write what others told of steps up to this one."""
        due = [(number, note) for number, note in self._waiting if note["step"] <= step]
        self._waiting = [(number, note) for number, note in self._waiting if note["step"] > step]
        with self._store.transaction():
            for number, note in due:
                self._write(note["step"], number, note, self._mine.get(note["step"]))

    def _write(self, step: int, number: int, note: Note, first: Note | None) -> None:
        parts = {} if first is None else apart(first["weights"], note["weights"])
        moved = [name for name, far in parts.items() if far <= ROUNDING and note["weights"][name][2]]
        worst = max(parts, key=lambda name: parts[name], default=None)
        far = [name for name, distance in parts.items() if distance > ROUNDING]
        row = [note[key] for key in ("loss", "finite", "alone", "batch", "nonfinite", "rms", "varying", "square")]
        place = (worst, parts[worst], len(far), len(moved)) if worst is not None else (None, None, None, None)
        self._store.insert("rank_sample", [(step, number, *row, *place)])
        self._store.execute(
            "INSERT INTO rank VALUES (?1, ?2, NULL, NULL, NULL) ON CONFLICT (rank) DO UPDATE SET last = ?2",
            [(number, step)],
        )


def seen(store: Store, step: int) -> dict[str, Any]:
    """What a record holds of a sampled step that other processes may see differently."""
    ask = store.connection.execute
    loss, finite = ask("SELECT avg(loss), min(finite) FROM step WHERE step = ?", (step,)).fetchone()
    shapes = [json.loads(row[0]) for row in ask("SELECT shape FROM op WHERE root = 1")]
    entering = ask(
        f"SELECT op.key, {INPUTS} FROM input JOIN op ON op.id = input.op WHERE step = ? ORDER BY op.position", (step,)
    ).fetchall()
    weights = ask(
        "SELECT name, rms, mean, change, square, part FROM weights JOIN parameter ON parameter = id WHERE step = ?",
        (step,),
    ).fetchall()
    squares = [row[4] for row in weights if row[4] is not None]
    whole = squares and not any(row[4] is None and row[3] for row in weights)  # what moved got something
    return {
        "step": step,
        "loss": loss if finite else None,
        "finite": finite,
        "alone": int(all(size == 1 for shape in shapes for size in shape)),
        "batch": zlib.crc32(repr([tuple(map(_digits, row[1:])) for row in entering]).encode()) if entering else None,
        "nonfinite": sum(row[8] or 0 for row in entering) if entering else None,
        "rms": (sum((row[5] or 0.0) ** 2 for row in entering) / len(entering)) ** 0.5 if entering else None,
        "varying": max((row[7] or 0.0 for row in entering), default=None),
        "square": sum(squares) if whole else None,
        "weights": {name: (rms, mean, bool(change)) for name, rms, mean, change, _, part in weights if not part},
    }


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, float]:
    """How far RMS and mean of parameters differ, over the larger RMS, by name; of those that both have."""
    found = {}
    for name in one.keys() & other.keys():
        (rms, mean, _), (its_rms, its_mean, _) = one[name], other[name]
        if None not in (rms, mean, its_rms, its_mean) and (size := max(rms, its_rms)) > 0:
            found[name] = max(abs(rms - its_rms), abs(mean - its_mean)) / size
    return found
