"""What training calls while it is watched: where a step begins and ends, and which steps are examined.

Between samples a step costs one function call around backward and one after the optimizer's step. On a sampled step
the forward runs with source lines kept on autograd's nodes, and the backward with hooks on them (see `sample`).
Nothing that goes wrong here reaches the user's program: `attempt` keeps it and the diagnosis reports it.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import torch
from torch.utils.weak import WeakIdKeyDictionary

from neurologist.tape.graph import Known
from neurologist.tape.shard import local
from neurologist.watch.doors import Forward, Root, unseen
from neurologist.watch.modules import ModuleCalls
from neurologist.watch.names import Names
from neurologist.watch.recorder import Recorder
from neurologist.watch.sample import Sample
from neurologist.watch.sampler import Sampler
from neurologist.watch.shadow import Shadow

PASSES = 4  # backward passes of one step that are examined; gradient accumulation repeats itself


class Steps:
    """The steps of a run: a `Watcher` for the doors.

    With several optimizers a step ends when the leading one steps: the first seen, until another steps twice without
    it. Without any, a step ends where the parameters changed between two backward passes.

    `together` meets the processes that train beside this one, and tells how many there are in all.

    Attributes:
        count: steps so far; samples: steps examined; loss: the latest loss known on the host, or None.
        by_hand: the parameters are changed without an optimizer.
    """

    def __init__(
        self,
        sampler: Sampler,
        recorder: Recorder,
        names: Names,
        limit: int | None = None,
        together: Callable[[], int] = lambda: 1,
        shadow: bool = False,
    ) -> None:
        self.count = self.samples = 0
        self._limit, self._together = limit, together
        self.loss: float | None = None
        self.by_hand = False
        self.busy = threading.RLock()
        self._sampler, self._recorder = sampler, recorder
        self._names, self._forward, self._modules = names, Forward(), ModuleCalls(names, self.attempt)
        self._known: Known = {}
        self._sample: Sample | None = None
        self._why: str | None = None
        self._passes = 0
        self._leader: weakref.ref[torch.optim.Optimizer] | None = None
        self._just: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()  # stepped since the last backward pass
        self._scaled: MutableMapping[torch.Tensor, torch.Tensor] = WeakIdKeyDictionary()  # scaled loss -> its scale
        self._since: Counter[int] = Counter()  # steps of other optimizers since the leader's last
        self._lately = (0, 0)  # the latest optimizer that stepped after its step's end, and the steps until then
        self._in_step = self._end_due = self._in_backward = False
        self._inside, self._started = 0.0, time.perf_counter()
        self._pid = os.getpid()
        self._open = True
        if shadow:
            Shadow(self.attempt, self._forward, self._modules, lambda: (self.count, self._passes))

    @property
    def done(self) -> bool:
        """Whether as many steps were seen as were to be looked at."""
        return self._limit is not None and self.count >= self._limit

    # -- the doors --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin the first step."""
        self._started = time.perf_counter()
        self.attempt("the first step", self._decide)

    def stop(self) -> None:
        """End the last step, which counts as stepped only where no optimizer was to come."""
        self._open = False
        self.attempt("the last step", self._end_step, self.by_hand)
        self.attempt("the forward pass", self._forward.close)
        self.attempt("the forward pass", self._modules.clear)

    def backward(self, roots: Sequence[Root], run: Callable[[], None]) -> None:
        """Stand for a backward pass; one inside another, in a fork or beside another thread's passes through."""
        if self._in_backward and self._sample is not None and self._sample.recomputing and self._mine():
            self.attempt("what a checkpoint runs again", self._inside_backward, self._sample, roots)
        if self._in_backward or not self._mine() or not self.busy.acquire(blocking=False):
            run()
            return
        self._in_backward = True
        try:
            start = time.perf_counter()
            if self._passes and self._leader is None and not self._in_step:
                self.attempt("a step", self._step_by_hand)
            self.attempt("the loss", self._note_loss, roots)
            sample = None if self._why is None else self.attempt("a backward pass", self._begin, roots, self._why)
            if self._just:
                self._just.clear()
            self._inside += time.perf_counter() - start
            try:
                run()
            finally:
                if sample is not None:
                    self.attempt("a backward pass", sample.after_backward)
            self._passes += 1
        finally:
            self._in_backward = False
            self.attempt("a step", self._after_pass)
            self.busy.release()

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer is about to step; backward passes from here on are its closure's."""
        self._in_step = True
        if self._sample is not None and self._mine() and self.busy.acquire(blocking=False):
            try:
                self.attempt("the gradient that the optimizer gets", self._sample.before_step, optimizer)
            finally:
                self.busy.release()

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer stepped."""
        self._in_step = False
        self._step_of(optimizer, True)

    def skipped(self, optimizer: torch.optim.Optimizer) -> None:
        """A gradient scaler left an optimizer's step out; the step counts, for it was the user's."""
        self._step_of(optimizer, False)

    def scaled(self, losses: Sequence[torch.Tensor], scale: torch.Tensor) -> None:
        """A gradient scaler multiplied losses; the scale itself changes in place with time."""
        for loss in losses:
            self._scaled[loss] = scale.detach().clone()

    def _step_of(self, optimizer: torch.optim.Optimizer, taken: bool) -> None:
        if not self._mine() or not self.busy.acquire(blocking=False):
            return
        try:
            if not self._passes and not self._in_backward and optimizer not in self._just and self._just:
                self._late(optimizer)
                return
            self._just.add(optimizer)
            self.attempt("the learning rate", self._recorder.rates, self.count, optimizer, self._sample is not None)
            if not taken:
                self.attempt("a step left out", self._recorder.skipped, self.count, optimizer)
            if self._leads(optimizer):
                self._end_due = True  # an optimizer may step while backward still runs
            if self._end_due and not self._in_backward:
                self._end_due = False
                self._end_step(taken)
        finally:
            self.busy.release()

    def attempt(
        self, what: str | Callable[[], str], function: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Any:
        """Call unseen by the user's modes, and keep any error from the user's program: it is reported instead."""
        try:
            return unseen(function, *arguments, **options)
        except Exception as error:
            subject = what if isinstance(what, str) else what()
            self._recorder.problem(self.count, subject, f"{type(error).__name__}: {error}"[:500])
            return None

    def _late(self, optimizer: torch.optim.Optimizer) -> None:
        """It steps after the one that was taken to end the step; if it does so in the next step too, it leads."""
        self._just.add(optimizer)
        if self._lately == (id(optimizer), self.count - 1):
            self._leader = weakref.ref(optimizer)
            self._since.clear()
        self._lately = id(optimizer), self.count
        self.attempt("the learning rate", self._recorder.rates, self.count - 1, optimizer)
        self.attempt("what an optimizer changed", self._recorder.late, self.count - 1, optimizer)

    # -- one backward pass ------------------------------------------------------------------------------------

    def _mine(self) -> bool:
        return self._open and os.getpid() == self._pid

    def _note_loss(self, roots: Sequence[Root]) -> None:
        if not roots or not isinstance(roots[0], torch.Tensor):
            return
        loss = local(roots[0].detach())
        if not loss.numel():
            return
        loss = loss.abs() if loss.is_complex() else loss
        loss = loss if loss.numel() == 1 else loss.double().mean()
        if self._scaled and (scale := self._scaled.get(roots[0])) is not None:
            loss = loss.double() / scale.to(loss.device)
        if loss.device.type != "cpu":
            self._recorder.loss(self.count, self._passes, loss.double().reshape(()).clone())
            return
        value = self.loss = float(loss)
        self._recorder.loss(self.count, self._passes, value)
        if self._passes == 0:
            self._sampler.loss(value)
            if value - value != 0 and self._why is None:
                self._why = self._sampler.broke()  # look at this very pass, though it ran without source lines

    def _begin(self, roots: Sequence[Root], why: str) -> Sample | None:
        self._forward.restore()
        self._modules.stop()
        if self._passes >= PASSES:
            if self._sample is not None:
                self._sample.hold()
            return None
        if self._sample is None:
            stepped = {id(p) for o in self._just for group in o.param_groups for p in group["params"]}
            trained, world = self._names.trained, self.attempt("the other processes", self._together) or 1
            self._sample = Sample(self.count, why, self.attempt, self._known, stepped, self._ready, trained, world)
        self._sample.before_backward(roots, self._modules.locate, self._scaled)
        self.attempt("the modules that ran", self._sample.note, self._modules.calls)
        self._forward.look(self._sample.graphs[-1])
        return self._sample

    def _inside_backward(self, sample: Sample, roots: Sequence[Root]) -> None:
        self._forward.restore()
        self._modules.stop()
        sample.inside_backward(roots, self._modules.locate)

    def _after_pass(self) -> None:
        if self._end_due:
            self._end_due = False
            self._end_step()
        elif self._why is not None and self._passes < PASSES and self._open:
            self._ready()  # the next forward of an accumulated step

    # -- one step ---------------------------------------------------------------------------------------------

    def _leads(self, optimizer: torch.optim.Optimizer) -> bool:
        """True when a step ends with this optimizer's."""
        leader = self._leader() if self._leader is not None else None
        if leader is not optimizer:
            self._since[id(optimizer)] += 1
        if leader is None or self._since[id(optimizer)] > 1:
            leader, self._leader = optimizer, weakref.ref(optimizer)
        if leader is optimizer:
            self._since.clear()
        return leader is optimizer

    def _step_by_hand(self) -> None:
        self.by_hand = self.by_hand or (self._sample is not None and self._sample.stepped)
        if self.by_hand:
            calls = self._modules.calls  # of the forward that was just run: its step begins here
            self._end_step()
            self._modules.calls = calls

    def _decide(self) -> None:
        self._why = self._sampler.wants(self.count)
        if self._why is not None:
            self._ready()

    def _ready(self) -> None:
        if self._forward.prepare():
            self._modules.install()

    def _end_step(self, stepped: bool = True) -> None:
        if not self._passes:
            return
        start = time.perf_counter()
        sample, self._sample = self._sample, None
        if self._why is not None:
            self.attempt("the forward pass", self._forward.restore)
            self.attempt("the forward pass", self._modules.clear)
        if sample is not None:
            self.attempt("a sample", self._write, sample, stepped, start)
        now = time.perf_counter()
        inside = self._inside + (sample.inside if sample else 0.0) + now - start
        self.attempt("the sampler", self._sampler.after, now - self._started, sample is not None, inside)
        self._started, self._inside = now, 0.0
        self.count += 1
        self._passes = 0
        self._why = None
        if self._scaled:
            self._scaled.clear()
        self._open = self._open and not self.done
        if self._open:
            self.attempt("the next step", self._decide)

    def _write(self, sample: Sample, stepped: bool, start: float) -> None:
        rows = sample.after_step(stepped)
        self._recorder.write(sample, rows, self._inside + sample.inside + time.perf_counter() - start)
        self.attempt("parameters that backward does not reach", self._recorder.rest, sample)
        self.samples += 1
        for listener in self._recorder.listeners:
            self.attempt("what sinks get", listener, sample.step)
