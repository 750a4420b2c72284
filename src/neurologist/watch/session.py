"""A watched run: `with watch(): train()`.

Between samples a step costs one function call around backward and one after the optimizer's step. On a sampled step
the forward runs with source lines kept on autograd's nodes, and the backward with hooks on them (see `sample`).
Nothing that goes wrong here reaches the user's program: `_attempt` keeps it and the diagnosis reports it.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from neurologist._version import __version__
from neurologist.diagnose import Diagnosis, examine
from neurologist.record import Run, Store
from neurologist.tape.graph import Known
from neurologist.watch.doors import Doors, Forward
from neurologist.watch.modules import ModuleCalls
from neurologist.watch.names import Names
from neurologist.watch.recorder import Recorder
from neurologist.watch.sample import Sample
from neurologist.watch.sampler import Sampler

PASSES = 4  # backward passes of one step that are examined; gradient accumulation repeats itself
UNSTEPPED = 16  # backward passes without any optimizer step after which each pass counts as a step


class Session:
    """An examination of everything that calls `.backward()` inside the block.

    Args:
        budget: share of the training time that it may take.
        record: file to write, or None for memory. An existing file is never overwritten.

    Attributes:
        steps: optimizer steps so far; samples: steps examined; loss: the latest loss seen, or None.
        status: how the run ended; set it before leaving the block to say so in the record.
    """

    def __init__(self, budget: float = 0.01, record: str | Path | None = None) -> None:
        self.sampler = Sampler(budget)
        self.steps = self.samples = 0
        self.loss: float | None = None
        self.status: str | None = None
        self._store = Store(record)
        self._names = Names()
        self._recorder = Recorder(self._store, self._names)
        self._doors = Doors(self._backward, self._stepping, self._stepped)
        self._forward, self._modules = Forward(), ModuleCalls(self._names)
        self._sample: Sample | None = None
        self._why: str | None = None
        self._known: Known = {}
        self._passes = 0
        self._leader: int | None = None
        self._followed = 0
        self._stepping_now = self._by_hand = False
        self._inside = 0.0
        self._busy = threading.RLock()
        self._depth = 0
        self._pid = os.getpid()
        self._closed = False

    # -- the block --------------------------------------------------------------------------------------------

    def __enter__(self) -> Session:
        self._started = self._step_started = time.perf_counter()
        self._recorder.flush(
            versions={"neurologist": __version__, "torch": str(torch.__version__), "python": platform.python_version()},
            program=" ".join(sys.argv),
            started=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        )
        self._doors.open()
        self._attempt("the first step", self._decide)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._doors.close()
        self._attempt("the last step", self._end_step, stepped=self._by_hand)
        self._rest()
        if self.status is None:
            self.status = _ending(kind)
        self._attempt("the end of the record", self._finish)

    def _finish(self) -> None:
        self._recorder.flush(
            status=self.status,
            steps=self.steps,
            seconds=time.perf_counter() - self._started,
            spent=self.sampler.spent,
            elapsed=self.sampler.elapsed,
        )
        if self._store.path is not None:
            self._store.close()
        self._closed = True

    def diagnose(self) -> Diagnosis:
        """What the run so far shows; may be called inside the block and after it."""
        if self._closed and self._store.path is not None:
            return examine(Run(self._store.path))
        with self._busy:
            self._attempt("the record", self._recorder.flush, steps=self.steps)
            return examine(Run(self._store.connection))

    # -- what training calls ----------------------------------------------------------------------------------

    def _backward(self, roots: Sequence[torch.Tensor], run: Callable[[], None]) -> None:
        if self._depth or os.getpid() != self._pid or not self._busy.acquire(blocking=False):
            run()  # a backward inside a backward, in a forked worker, or beside another thread's
            return
        self._depth += 1
        try:
            start = time.perf_counter()
            if self._passes and self._leader is None and not self._stepping_now:
                self._attempt("a step", self._step_by_hand)
            self._attempt("the loss", self._note_loss, roots)
            sample = None if self._why is None else self._attempt("a backward pass", self._begin, roots, self._why)
            self._inside += time.perf_counter() - start
            try:
                run()
            finally:
                start = time.perf_counter()
                if sample is not None:
                    self._attempt("a backward pass", sample.after_backward)
                self._inside += time.perf_counter() - start
            self._passes += 1
            if self._why is not None and self._passes < PASSES:
                self._attempt("the forward pass", self._ready)  # the next forward of an accumulated step
        finally:
            self._depth -= 1
            self._busy.release()

    def _note_loss(self, roots: Sequence[torch.Tensor]) -> None:
        loss = roots[0].detach()
        loss = loss if loss.numel() == 1 else loss.double().mean()
        if loss.device.type != "cpu":
            self._recorder.loss(self.steps, self._passes, loss.double().reshape(()).clone())
            return
        value = self.loss = float(loss)
        self._recorder.loss(self.steps, self._passes, value)
        if self._passes == 0:
            self.sampler.loss(value)
            if value - value != 0 and self._why is None:
                self._why = self.sampler.broke()  # look at this very pass, though it ran without source lines

    def _begin(self, roots: Sequence[torch.Tensor], why: str) -> Sample | None:
        self._forward.restore()
        if self._passes >= PASSES:
            return None
        if self._sample is None:
            self._sample = Sample(self.steps, why, self._attempt, self._known)
        self._sample.before_backward(roots, self._modules.locate)
        self._modules.remove()
        return self._sample

    def _step_by_hand(self) -> None:
        """Without an optimizer a step ends where the parameters changed between two backward passes."""
        self._by_hand |= self._passes >= UNSTEPPED or (self._sample is not None and self._sample.stepped)
        if self._by_hand:
            self._end_step()

    def _stepping(self, optimizer: torch.optim.Optimizer) -> None:
        self._stepping_now = True  # a closure's backward passes belong to this step

    def _stepped(self, optimizer: torch.optim.Optimizer) -> None:
        self._stepping_now = False
        if os.getpid() != self._pid or not self._busy.acquire(blocking=False):
            return
        try:
            self._attempt("the learning rate", self._recorder.rates, self.steps, optimizer)
            self._followed = 0 if self._leader == id(optimizer) else self._followed + 1
            if self._leader is None or self._followed > UNSTEPPED:
                self._leader = id(optimizer)
            if self._leader == id(optimizer):  # with several optimizers, a step ends when the first one's turn does
                self._attempt("a step", self._end_step)
        finally:
            self._busy.release()

    # -- steps ------------------------------------------------------------------------------------------------

    def _decide(self) -> None:
        self._why = self.sampler.wants(self.steps)
        if self._why is not None:
            self._ready()

    def _ready(self) -> None:
        self._forward.prepare()
        self._modules.install()

    def _rest(self) -> None:
        self._attempt("the forward pass", self._forward.restore)
        self._attempt("the forward pass", self._modules.remove)

    def _end_step(self, stepped: bool = True) -> None:
        if not self._passes:
            return
        start = time.perf_counter()
        sample, self._sample = self._sample, None
        if self._why is not None:
            self._rest()
        if sample is not None:
            rows = sample.after_step(stepped)
            self._recorder.write(sample, rows, self._inside + sample.inside + time.perf_counter() - start)
            self.samples += 1
        now = time.perf_counter()
        inside = self._inside + (sample.inside if sample else 0.0) + now - start
        self.sampler.after(now - self._step_started, sample is not None, inside)
        self._step_started, self._inside = now, 0.0
        self.steps += 1
        self._passes = 0
        self._decide()

    def _attempt(self, what: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call, and keep any error from the user's program: it is reported as not measured."""
        try:
            return function(*arguments, **options)
        except Exception as error:
            self._recorder.problems[self.steps, what, f"{type(error).__name__}: {error}"[:500]] += 1
            return None


def _ending(kind: type[BaseException] | None) -> str:
    if kind is None or issubclass(kind, SystemExit):
        return "finished"
    return "interrupted" if issubclass(kind, KeyboardInterrupt) else f"failed: {kind.__name__}"


def watch(budget: float = 0.01, record: str | Path | None = None) -> Session:
    """Examine everything that calls `.backward()` inside a `with` block.

    Args:
        budget: share of the training time that the examination may take, 0 to 1.
        record: file to write what was seen to; None keeps it in memory.

    Returns:
        The session; ask it for `diagnose()`.

    Raises:
        ValueError: `budget` is not a share.
        FileExistsError: `record` exists already.
    """
    return Session(budget, record)
