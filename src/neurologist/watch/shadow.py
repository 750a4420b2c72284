"""Compiled code runs as compiled, and on a sampled step once more beside it, eagerly, to be looked at.

Training gets what the compiled code gives. The second run works on copies, with the random states that the first one
began with; then everything is put back. What cannot be run twice is not, and is reported as not measured. May import:
torch, `tape.shadowed`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch.utils._pytree import tree_leaves

from neurologist.tape.graph import Graph
from neurologist.tape.shadowed import SecondRun, lead, nested, others
from neurologist.watch.copies import CannotRunTwice, Copies
from neurologist.watch.doors import Forward
from neurologist.watch.remember import random_states
from neurologist.watch.wrappers import Wrappers

WHAT = "compiled code"
INSIDE, OVERWRITTEN = "it runs backward itself", "it changes parameters, or tensors from outside, in place"
Function = Callable[..., Any]
Again = Callable[[Any, bool], None]  # given the results of the first run, and whether training stood still in it


class Calls(Protocol):
    """What notes the modules that are called."""

    def install(self) -> None:
        """Starts noting."""

    def pause(self) -> None:
        """Stops for a while."""

    def meet(self, module: torch.nn.Module) -> None:
        """Learns the names in a module that is about to be called."""


class Shadow:
    """Stands for calls of compiled code while it is armed.

    Args:
        attempt: runs a callback and keeps its exceptions from the user: `attempt(what, function, *arguments)`.
        forward: what a sampled forward needs, in which it takes its place; modules: likewise.
        clock: how far training is.

    Attributes:
        holding: compiled code runs, and nothing may be installed; wanted: whether it is to be afterwards.
    """

    def __init__(
        self, attempt: Callable[..., Any], forward: Forward, modules: Calls, clock: Callable[[], object]
    ) -> None:
        self._attempt, self._forward, self._modules, self._clock = attempt, forward, modules, clock
        forward.shadow = self
        self._thread = threading.get_ident()
        self._second = self._told = False
        self.holding = self.wanted = False

    def arm(self) -> None:
        """Stand for every call from here on."""
        if not self._second:
            self._thread = threading.get_ident()
            if self not in _armed:
                _armed.append(self)
            self._try(_wrappers.stand_in)

    def disarm(self) -> None:
        """Let every call go its way."""
        if self in _armed:
            _armed.remove(self)
        if not _armed:
            _wrappers.stand_aside()

    def close(self) -> None:
        """Take out everything."""
        self.disarm()
        if not _armed:
            _wrappers.close()

    def call(self, compiled: Function, function: Function, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Stand for a call of compiled code; several sessions see the same second run."""
        if threading.get_ident() != self._thread or torch.compiler.is_compiling():
            return compiled(*arguments, **options)
        before, all_armed = self._clock(), tuple(_armed)
        try:
            with _held(all_armed):
                meet = partial(_meet, all_armed)
                again = self._try(self._prepared, function, arguments, options, meet)
                found = compiled(*arguments, **options)
            if again is not None:
                again(found, before == self._clock())
        finally:
            for shadow in all_armed:
                shadow._second = False
                if shadow.wanted:
                    shadow.arm()
        return found

    def hold(self) -> None:
        """Take out all that a sampled forward has installed: the compiler must not see it."""
        self._forward.restore()
        self._modules.pause()
        self.holding = self.wanted = self._second = True

    def resume(self) -> None:
        """Put it in again, unless training went on to where it is not wanted."""
        self.holding = False
        if self.wanted and self._forward.prepare():
            self._modules.install()

    def meet(self, module: torch.nn.Module) -> None:
        """Learn the names in a module that is about to be called."""
        self._attempt(WHAT, self._modules.meet, module)

    def look(self, graph: Graph) -> None:
        """Say so where compiled code stayed unseen for no reason that was said."""
        if graph.located and not self._told and any(op.kind == "compiled" for op in graph.ops):
            self._try(_refuse, "its call or its results were not found")
        self._told = False

    def _try(self, function: Callable[..., Any], *arguments: Any) -> Any:
        found: list[Any] = []
        self._attempt(WHAT, lambda: found.append(function(*arguments)))
        self._told |= not found
        return found[0] if found else None

    def _prepared(self, function: Function, arguments: Any, options: Any, meet: Callable[..., None]) -> Again | None:
        """What runs the function a second time, given the first one's results; None where no gradients are wanted."""
        if not torch.is_grad_enabled():
            return None
        if torch._C._len_torch_dispatch_stack():
            raise CannotRunTwice("a mode sees every operation, and would see each twice")
        copies, before = Copies(function, arguments, options, meet), random_states()

        def again(found: Any, alone: bool) -> None:
            if not _differentiable(found) and not copies.rewritten:
                return
            if not alone or copies.overwritten:
                self._try(
                    _refuse,
                    "it changes parameters, or tensors from outside, in place" if alone else "it runs backward itself",
                )
                return
            first = torch._C._autograd._get_sequence_nr()
            try:
                with _standing(copies), _alone(), torch.compiler.set_stance("force_eager"):
                    before()
                    twins = function(*copies.arguments, **copies.options)
            except CannotRunTwice as error:
                self._try(_refuse, str(error))
                return
            except Exception as error:
                self._try(_refuse, f"a second, eager run of it failed: {type(error).__name__}: {error}")
                return
            self._try(_join, found, twins, copies, first)

        return again


_armed: list[Shadow] = []  # of all sessions


def _called(compiled: Function, function: Function, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if not _armed:
        return compiled(*arguments, **options)
    return _armed[-1].call(compiled, function, arguments, options)


_wrappers = Wrappers(_called)


@contextmanager
def _held(shadows: Sequence[Shadow]) -> Iterator[None]:
    for shadow in shadows:
        shadow.hold()
    try:
        yield
    finally:
        for shadow in shadows:
            shadow.resume()


def _meet(shadows: Sequence[Shadow], module: torch.nn.Module) -> None:
    for shadow in shadows:
        shadow.meet(module)


def _differentiable(found: Any) -> list[torch.Tensor]:
    """Those of a call's results that backward may be called on."""
    values = tree_leaves(found)
    for value in values:
        if is_dataclass(value):
            values += tree_leaves(list(vars(value).values()))
    return [value for value in values if isinstance(value, torch.Tensor) and value.grad_fn is not None]


def _refuse(why: str) -> None:
    raise CannotRunTwice(why)


def _join(found: Any, twins: Any, copies: Copies, first: int) -> None:
    rewritten = copies.rewritten
    real = [*_differentiable(found), *(tensor for tensor, _ in rewritten)]
    eager = [*_differentiable(twins), *(twin for _, twin in rewritten if twin.grad_fn is not None)]
    if [(r.shape, r.dtype) for r in real] != [(e.shape, e.dtype) for e in eager]:
        raise CannotRunTwice("a second, eager run of it gave other results")
    whole = nested(real)
    if whole and any(type(result.grad_fn).__name__.startswith("CompiledFunction") for result in real):
        raise CannotRunTwice("its graph breaks between two results of which one is made from the other")
    ends = {node for node, _ in copies.given}
    leaves = copies.leaves + others(eager, first, ends)
    lead(real, SecondRun(eager, leaves, partial(_standing, copies), whole), copies.given)


def _forbidden(*arguments: Any, **options: Any) -> None:
    raise CannotRunTwice(INSIDE)


@contextmanager
def _standing(copies: Copies) -> Iterator[None]:
    """With the copies in place of what they were made of; random states are put back afterwards."""
    after = random_states()
    try:
        with copies.standing():
            yield
    finally:
        after()


@contextmanager
def _alone() -> Iterator[None]:
    """Without the hooks on what autograd keeps, which belong to the first run, and without backward."""
    hooks, backward = [], torch.autograd.backward
    top: Any = torch._C._autograd._top_saved_tensors_default_hooks
    while (pair := top(True)) is not None:
        torch._C._autograd._pop_saved_tensors_default_hooks()
        hooks.append(pair)
    torch.autograd.backward = _forbidden
    try:
        yield
    finally:
        torch.autograd.backward = backward
        for pack, unpack in reversed(hooks):
            torch._C._autograd._push_saved_tensors_default_hooks(pack, unpack)
