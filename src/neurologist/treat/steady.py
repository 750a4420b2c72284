"""How a program behaves from run to run: other seeds, the same seed twice, and what it leaves on the disk.

May import: the lower files of this room.
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from neurologist.treat.apart import files_below
from neurologist.treat.plan import Plan
from neurologist.treat.search import Search
from neurologist.treat.trial import Trial
from neurologist.treat.verdict import number

UNSTEADY = 5  # seeds, at least, for a program that is not deterministic
Notes = tuple[str, ...]


class Controls:
    """The untreated program from several seeds, run when it is first asked for.

    Args:
        search: runs it.
        first: its run from the first seed.
        seeds: how many.

    Attributes:
        notes: what was seen of the program, a sentence each.
    """

    def __init__(self, search: Search, first: Trial, seeds: int) -> None:
        self._search, self._seeds = search, seeds
        self._trials = [first]
        self.notes: Notes = ()

    def against(self, trial: Trial) -> tuple[list[Trial], list[Trial]]:
        """The controls, and a plan's trials from the same seeds."""
        if self._seeds == 1:
            return self._trials, [trial]
        if len(self._trials) == 1:
            more = self._first(trial)
        else:
            numbers = range(1, len(self._trials))
            more = self._search.trials(self._search.whole(trial.plan, number) for number in numbers)
        return self._trials, [trial, *sorted(more, key=lambda t: t.number)]

    def _first(self, trial: Trial) -> list[Trial]:
        """Runs the controls too, and finds out what they are like."""
        whole, search = self._search.whole, self._search
        looks = search.trials([whole(Plan()), whole(Plan(), 1), whole(trial.plan, 1)])
        again, other, treated = sorted(looks, key=lambda t: t.place)
        if again.losses != self._trials[0].losses:
            self._unsteady(again)
        elif other.losses == again.losses:
            self.notes = ("The program runs the same from every seed: the verdict rests on one run and its batches.",)
            self._seeds = 1
            return []
        jobs = [whole(plan, number) for number in range(2, self._seeds) for plan in (Plan(), trial.plan)]
        rest = sorted(search.trials(jobs), key=lambda t: t.place)
        self._trials += [other, *rest[::2]]
        return [treated, *rest[1::2]]

    def _unsteady(self, again: Trial) -> None:
        task = self._search.task
        self._seeds = max(self._seeds, UNSTEADY)
        one, two = (number(task.value(trial.worth)) for trial in (self._trials[0], again))
        self.notes = (
            f"The program is not deterministic: from the same seed it came to {task.measure} {one} and {two}. "
            f"So the verdict rests on {self._seeds} seeds.",
        )


def of_files(files: list[str]) -> Notes:
    """What is to be said of files that the program writes."""
    if not files:
        return ()
    names = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    return (f"The program writes files ({names}): each trial wrote them anew. With isolate each has its own copy.",)


def written(folder: Path, since: float, most: int = 20_000) -> list[str]:
    """Files in a folder that changed since a time, as far as the first `most` of them go; not our own output."""
    found: list[str] = []
    own = [os.fstat(number) for number in (1, 2) if _is_open(number)]
    for path in islice(files_below(folder), most):
        with suppress(OSError):
            state = path.stat()
            if state.st_mtime >= since and not any(os.path.samestat(state, output) for output in own):
                found.append(str(path.relative_to(folder)))
    return sorted(found)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
