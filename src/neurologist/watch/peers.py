"""What processes that train together tell each other: notes in the store by which they found each other.

No collectives: each process leaves its notes and reads those of others that are there already. So nobody waits, a
process that dies takes nothing with it, and training that is itself at fault cannot hold the examination up.
May import: the standard library; torch, only where it is loaded already.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from neurologist.watch.ranks import Rank, here

PATIENCE = 20  # times that a plan is asked for in vain: whoever makes it does so right after a sample
LEAVING = 2.0  # seconds that the first process waits for the last words of the others
POLL = 0.02  # seconds between two looks for them


class Peers:
    """The processes of one training, seen from one of them.

    Args:
        store: that of torch's process group, or any with its `set`, `get`, `check` and `add`.
        rank: of this process.
        name: the same in all processes, and no other session's.
    """

    def __init__(self, store: Any, rank: Rank, name: str) -> None:
        self.rank, self._store, self._name = rank, store, name
        self._written, self._read = 0, Counter[int]()

    def tell(self, note: Mapping[str, Any]) -> None:
        """Leave a note."""
        self._store.set(f"{self._name}/{self.rank.number}/{self._written}", json.dumps(note))
        self._written += 1

    def heard(self) -> dict[int, list[dict[str, Any]]]:
        """What the others have told since this was last asked, by their number."""
        found: dict[int, list[dict[str, Any]]] = {}
        for number in range(self.rank.world):
            while number != self.rank.number and (note := self._note(f"{number}/{self._read[number]}")) is not None:
                with suppress(Exception):  # not all stores can; it only saves memory where the store is
                    self._store.delete_key(f"{self._name}/{number}/{self._read[number]}")
                self._read[number] += 1
                found.setdefault(number, []).append(note)
        return found

    def leave(self, **said: Any) -> dict[str, Any] | None:
        """Leave the last note, with how many left before; gives it, or None where the store does not answer."""
        last: dict[str, Any] = {}

        def leave() -> None:
            with suppress(Exception):  # the store went with the process that held it
                last.update(said, place=int(self._store.add(f"{self._name}/left", 1)) - 1)
                self.tell(last)

        leaving = threading.Thread(target=leave, daemon=True)  # a store that is gone may keep its caller for minutes
        leaving.start()
        leaving.join(LEAVING)
        return dict(last) or None

    def waiting(self, left: Callable[[], int]) -> None:
        """Wait a moment for the last notes of others, as long as `left` says that some are to come."""
        until = time.monotonic() + LEAVING
        while left() and time.monotonic() < until:
            time.sleep(POLL)

    def plan(self, number: int, step: int) -> None:
        """Say at which step all look next; `number` counts these."""
        self._store.set(f"{self._name}/plan/{number}", str(step))

    def planned(self, number: int) -> int | None:
        """The step that was said; None where it was not yet."""
        step: int | None = self._note(f"plan/{number}")
        return step

    def _note(self, key: str) -> Any:
        key = f"{self._name}/{key}"
        return json.loads(self._store.get(key)) if self._store.check([key]) else None


class Agreed:
    """The steps at which the first process looks, for it and for the others.

    It plans each right after the one before, at least two steps ahead: a step that trains together brings all
    processes beyond that moment, so the others find the plan in time without waiting. One that finds none, because
    its steps have nothing to do with those of the others, looks by itself, and asks ever more seldom.
    """

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._next: int | None = None
        self._number = self._vain = 0
        self._again = 0  # step at which to ask again

    def due(self, step: int, ahead: Callable[[int], int]) -> bool | None:
        """See `sampler.Plan`."""
        while self._next is None or self._next < step:
            if self._peers.rank.number == 0:
                self._next = ahead(step)
                self._peers.plan(self._number, self._next)
            else:
                self._next = self._peers.planned(self._number) if step >= self._again else None
                if self._next is None:
                    return self._later(step)
            self._number, self._vain = self._number + 1, 0
        return step == self._next

    def _later(self, step: int) -> bool | None:
        """No plan is there; False while one should come at any moment."""
        if step >= self._again:
            self._vain += 1
            self._again = step + 1 + (step // PATIENCE if self._vain > PATIENCE else 0)
        return None if self._vain > PATIENCE else False


def join() -> Peers | None:
    """The others, where a process group of several stands; None before that, and where there is none."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    rank = here()
    if rank.world < 2:
        return None
    store = distributed.distributed_c10d._get_default_store()
    before = store.add(f"neurologist/joined/{rank.number}", 1)  # as many in all, for all run one program
    return Peers(store, rank, f"neurologist/{before}")
