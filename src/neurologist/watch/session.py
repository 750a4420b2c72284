"""A watched run: `with watch(): train()`.

The session opens the doors, keeps the record, and asks for the diagnosis; `steps` does what training calls.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import torch

from neurologist._version import __version__
from neurologist.config import settings_here
from neurologist.diagnose import Diagnosis, Settings, examine
from neurologist.record import Run, Store, process
from neurologist.watch.comparing import Comparing
from neurologist.watch.doors import close_doors, open_doors
from neurologist.watch.names import Names
from neurologist.watch.ranks import here, own
from neurologist.watch.recorder import Recorder
from neurologist.watch.sampler import DEFAULT, Sampler
from neurologist.watch.sinks import Sink, Sinks
from neurologist.watch.steps import Steps

PATIENCE = 10.0  # seconds that another thread's step, which is being looked at, is waited for at the end


class Session:
    """An examination of everything that calls `.backward()` inside the block.

    Args:
        budget: share of the training time that it may take. Processes that train together look at the same steps: those
            that the first one can afford.
        record: file to write, or None for memory. An existing file is never overwritten. Where the file cannot be
            written, or no longer, the record goes on in memory and the diagnosis says so.
            Each further process of a distributed run writes one of its own: run.rank1.nlr.
        steps: optimizer steps to look at; None for all of them.
        sampler: says at which steps to look, in place of the budget.
        sinks: get each sample's numbers too, and findings as they appear; from the first process only.
        settings: of the user, by which it is diagnosed where no others are given; None for none.
        shadow: see `watch`.

    Attributes:
        status: how the run ended; set it before leaving the block to say so in the record.
        facts: entries for the record's `meta`; likewise.
        rank: this process's number and how many there are.
    """

    def __init__(
        self,
        budget: float = DEFAULT,
        record: str | Path | None = None,
        steps: int | None = None,
        sampler: Sampler | None = None,
        sinks: Sequence[Sink] = (),
        settings: Settings | None = None,
        shadow: bool = False,
    ) -> None:
        if steps is not None and steps < 1:
            raise ValueError(f"watch got steps={steps}: expected at least 1, or None for the whole run")
        self.rank = here()
        self.sampler = sampler or Sampler(budget)
        self.status: str | None = None
        self.facts: dict[str, str] = {}
        self.settings = settings or Settings()
        self._store = Store(own(record, self.rank))
        names = Names()
        self._recorder = Recorder(self._store, names)
        self._comparing = Comparing(self._store, self.sampler)
        self._steps = Steps(self.sampler, self._recorder, names, steps, self._comparing.join, shadow)
        self._recorder.listeners.append(self._comparing.sample)
        self._sinks: Sinks | None = None
        if sinks and self.rank.number == 0:
            self._sinks = Sinks(sinks, self._store, self._steps.attempt, self.settings)
            self._recorder.listeners.append(self._sinks.sample)
        self._started = time.perf_counter()
        self._pid = os.getpid()
        self._closed = False

    @property
    def steps(self) -> int:
        """Optimizer steps so far."""
        return self._steps.count

    @property
    def samples(self) -> int:
        """Steps examined in detail so far."""
        return self._steps.samples

    @property
    def loss(self) -> float | None:
        """The latest loss known on the host; None before the first, and for losses on other devices."""
        return self._steps.loss

    @property
    def lost(self) -> str | None:
        """Why the record's file is no longer written, or never was; None where all is well."""
        return self._store.lost

    def __enter__(self) -> Session:
        self._started = time.perf_counter()
        self._recorder.flush(
            versions={"neurologist": __version__, "torch": str(torch.__version__), "python": platform.python_version()},
            program=" ".join(sys.argv),
            process=process.mark(),
            rank=self.rank.number,
            world=self.rank.world,
            started=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        )
        open_doors(self._steps)
        self._steps.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close_doors(self._steps)
        if os.getpid() != self._pid:
            return  # a fork that leaves the block: the record is its parent's
        alone = self._steps.busy.acquire(timeout=PATIENCE)
        try:
            self._steps.stop()
            if self.status is None:
                self.status = f"stopped after {self.steps} steps" if self._steps.done else _ending(kind)
            self._steps.attempt("the end of the record", self._finish)
        finally:
            if alone:
                self._steps.busy.release()

    def _finish(self) -> None:
        self._steps.attempt("the other processes", self._comparing.end, self.status, self.steps)
        self._recorder.end(
            status=self.status,
            steps=self.steps,
            seconds=time.perf_counter() - self._started,
            spent=self.sampler.spent,
            elapsed=self.sampler.elapsed,
            **self.facts,
        )
        if self._sinks is not None:
            self._sinks.end()
            self._recorder.flush()
        self._store.close()
        self._closed = True

    def write(self) -> None:
        """Put what was seen so far into the record, for somebody who reads it meanwhile."""
        with self._steps.busy:
            self._steps.attempt("the record", self._recorder.flush, steps=self.steps)

    def diagnose(self, over_time: bool = True, settings: Settings | None = None) -> Diagnosis:
        """What the run so far shows; may be called inside the block and after it.

        Args:
            over_time: gather what was seen over time too, for the plots of a page.
            settings: of the user, as `neurologist.config` reads them; None for the session's own. Comments in the
                program hold without any.
        """
        settings = settings or self.settings
        if self._closed and self._store.path is not None:
            return examine(Run(self._store.path), over_time, settings)
        self.write()
        with self._steps.busy:
            return examine(Run(self._store.connection), over_time, settings)


def _ending(kind: type[BaseException] | None) -> str:
    if kind is None or issubclass(kind, SystemExit):
        return "finished"
    return "interrupted" if issubclass(kind, KeyboardInterrupt) else f"failed: {kind.__name__}"


def watch(
    budget: float | None = None,
    record: str | Path | None = None,
    steps: int | None = None,
    sinks: Sequence[Sink] = (),
    settings: Settings | None = None,
    shadow: bool = False,
) -> Session:
    """Examine everything that calls `.backward()` inside a `with` block.

    Args:
        budget: share of the training time that the examination may take, 0 to 1; None for that of the settings,
            else 0.01.
        record: file to write what was seen to; None keeps it in memory.
        steps: optimizer steps to look at, for a look at the beginning; training goes on unexamined after them.
        sinks: where each sample's numbers go too, and findings as they appear: `nl.sink("tensorboard=runs/a")`, ...
        settings: of the user; None for those of `[tool.neurologist]` in the nearest `pyproject.toml` above the script,
            else above the current folder. `neurologist.diagnose.Settings()` for none.
        shadow: leave what `torch.compile` made as it is in examined steps too, so that training stays the same to the
            last bit, and run it once more beside itself, eagerly, on copies of what it reads: that is what is examined.
            Else an examined step runs eagerly, which rounds otherwise. It costs the memory of a second forward pass,
            and what such code does besides computing (printing, counting outside its modules) it does twice. Dropout
            that generated code draws by itself falls on other units than in the run that is looked at.

    Returns:
        The session; ask it for `diagnose()`.

    Raises:
        ValueError: `budget` is not a share, `steps` is below 1, or the settings cannot be used.
        FileExistsError: `record` exists already.
    """
    settings = settings_here() if settings is None else settings
    if budget is None:
        budget = DEFAULT if settings.budget is None else settings.budget
    return Session(budget, record, steps, sinks=sinks, settings=settings, shadow=shadow)
