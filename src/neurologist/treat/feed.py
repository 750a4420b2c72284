"""A running program that gets the data of its first step again at every later one, as if it had a single batch.

Nothing of the program is called by us: it runs its own loop. Where a tensor without gradient enters a model, or meets
one with a gradient in a call outside every model (a loss, a product with a bare parameter), it is replaced by the
tensor that stood at that place in the first step. So inputs, targets, masks and noise all stay those of one batch,
whatever hands them out. May import: torch, `treat.call`, `treat.comparing`, `treat.forward`, `treat.judge`,
`treat.pair`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.optim import optimizer as optimizers
from torch.utils._pytree import tree_flatten, tree_unflatten

from neurologist.treat.comparing import compared
from neurologist.treat.forward import Calls
from neurologist.treat.judge import Judge, without_dropout
from neurologist.treat.pair import Pair, rows_of

WRITES = frozenset({"__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__"})  # beside names that end in _
UNTOUCHED = {"backward", "register_hook", "retain_grad", "requires_grad_", "detach", "zero_"}

WATCHED = 1  # the step after the first goes by as it is: then it is known which optimizers step after which pass

Key = tuple[int, str | int, int]  # backward pass of its step, function or module, how often it came before


class _Place(NamedTuple):
    """Data of the first step at one place: the tensors by their position among the arguments."""

    data: dict[int, torch.Tensor]
    training: bool


class _Called(NamedTuple):
    """The latest call of a model, and the tensor that it gave."""

    module: nn.Module
    args: tuple[Any, ...]
    named: dict[str, Any]
    output: Any


class Feed:
    """Inside the block each step gets the data of the first, and the judge is told of it.

    Args:
        count: says how many optimizer steps were taken.
        judge: told of each step's loss.
        enough: called when the judge has seen enough; raises what ends the program.
    """

    def __init__(self, count: Callable[[], int], judge: Judge, enough: Callable[[], None]) -> None:
        self._count, self._judge, self._enough = count, judge, enough
        self._places: dict[Key, _Place] = {}
        self._seen: Counter[tuple[str | int, int]] = Counter()
        self._pass = self._step = self._depth = 0
        self._period: int | None = None  # backward passes of one step
        self._pairs: list[Pair] = []
        self._compared = 0  # losses in the first backward pass
        self._called: _Called | None = None
        self._just: dict[int, torch.optim.Optimizer] = {}  # which stepped since the last backward pass
        self._turns: set[frozenset[int]] = set()  # which stepped after the same backward pass
        self._models: dict[int, nn.Module] = {}
        self._strays: Counter[bool] = Counter()  # passes that met a place unknown to the first step
        self._stray = False
        self._stack = ExitStack()

    @property
    def scalars(self) -> int | None:
        """Trained numbers of the models that were called; None where none was."""
        found = {id(p): p.numel() for m in self._models.values() for p in m.parameters() if p.requires_grad}
        return sum(found.values()) or None

    @property
    def why(self) -> str:
        """The word for why the program could not be fed, see `diagnose.by_heart`; "" where it was."""
        if not self._judge.losses:
            return "nothing-seen"
        if len(self._turns) > 1:
            return "several-losses"
        if not any(place.data for place in self._places.values()):
            return "no-data"
        return "strayed" if self._strays[True] > self._strays[False] else ""

    def __enter__(self) -> Feed:
        inner, call = torch.autograd.backward, nn.Module.__call__
        torch.autograd.backward = partial(self._backward, inner)
        self._stack.callback(setattr, torch.autograd, "backward", inner)
        nn.Module.__call__ = _method(partial(self._module, call))  # type: ignore[method-assign]
        self._stack.callback(setattr, nn.Module, "__call__", call)
        handle = optimizers.register_optimizer_step_pre_hook(lambda o, a, k: self._just.update({id(o): o}))
        self._stack.callback(handle.remove)
        self._stack.enter_context(Calls(self._function))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # -- what is given ----------------------------------------------------------------------------------------

    def _module(self, call: Callable[..., Any], module: nn.Module, /, *args: Any, **named: Any) -> Any:
        """Stands for the call of a module; only the outermost with parameters is a model."""
        if self._depth or not torch.is_grad_enabled() or next(module.parameters(), None) is None:
            return call(module, *args, **named)
        self._models[id(module)] = module
        args, named = self._given(id(module), args, named, module.training)
        self._depth += 1
        try:
            output = call(module, *args, **named)
        finally:
            self._depth -= 1
        self._called = _Called(module, args, named, output)
        return output

    def _function(self, function: Callable[..., Any], args: Any, named: Any) -> Any:
        """Stands for a call of a torch function or tensor method."""
        name = getattr(function, "__name__", "")
        if self._depth or not torch.is_grad_enabled() or name in UNTOUCHED:
            return function(*args, **named)
        leaves = tree_flatten((args, named))[0]
        if any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in leaves):
            writes = name in WRITES or (name.endswith("_") and not name.endswith("__"))
            args, named = self._given(name, args, named, True, first=1 if writes else 0)
        result = function(*args, **named)
        pair = compared(function, args, named, result)
        if pair is not None:
            rows = None if self._called is None else rows_of((self._called.args, self._called.named))
            self._pairs.append(replace(pair, rows=rows))
        return result

    def _given(
        self, what: str | int, args: Any, named: Any, training: bool, first: int = 0
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with the data of the first step in place of their own; `first` is the first that may change."""
        leaves, spec = tree_flatten((args, named))
        data = {i: leaf for i, leaf in enumerate(leaves) if i >= first and _is_data(leaf)}
        if not data:
            return args, named
        self._turn()
        key = (self._pass, what, self._seen[what, self._pass])
        place = self._places.get(key)
        if self._step == WATCHED or len(self._turns) > 1:
            return args, named
        if place is None and self._step == 0:
            self._seen[what, self._pass] += 1
            self._places[key] = _Place({i: t.detach().clone() for i, t in data.items()}, training)
            return args, named
        if place is not None and place.training != training:  # a look at other data, between two steps
            return args, named
        self._seen[what, self._pass] += 1
        if place is None or any(i not in place.data or place.data[i].dtype != t.dtype for i, t in data.items()):
            self._stray = True
        if self._stray or place is None:  # half of another batch would fit nothing
            return args, named
        given = [place.data[i].clone() if i in data else leaf for i, leaf in enumerate(leaves)]
        args, named = tree_unflatten(given, spec)
        return args, named

    def _turn(self) -> None:
        """Notice that a step has ended since the last look."""
        now = self._count()
        if now == self._step:
            return
        if self._step == 0:
            self._period = self._period or max(1, self._pass)
            self._places = {key: place for key, place in self._places.items() if key[0] < self._period}
        self._step, self._pass, self._seen = now, 0, Counter()

    # -- each backward pass -----------------------------------------------------------------------------------

    def _backward(self, inner: Callable[..., Any], tensors: Any, *args: Any, **options: Any) -> Any:
        """Stands for `torch.autograd.backward`."""
        self._turn()
        if self._just:
            self._turns.add(frozenset(self._just))
            self._just.clear()
        roots = (tensors,) if isinstance(tensors, torch.Tensor) else tuple(tensors)
        first = self._pass == 0
        pairs, self._pairs = self._pairs[-self._compared :] if self._step and first else self._pairs, []
        if first:
            if not self._judge.losses:
                self._compared = len(pairs)
            self._tell(_value(roots), pairs)
            if self._judge.done and not self._judge.curious:
                self._enough()
        inner(roots, *args, **options)
        if first and self._judge.curious:
            self._ask(pairs)
        if first and self._judge.done:
            self._enough()
        self._stray = False
        self._pass = (self._pass + 1) % (self._period or len(self._places) + 2)

    def _tell(self, total: float, pairs: list[Pair]) -> None:
        """Tell the judge; what the second step compares is another batch's."""
        if self._step > WATCHED:
            self._strays[self._stray] += 1
            if len(self._turns) > 1:
                self._enough()
        if self._step == WATCHED:
            return
        try:
            self._judge.saw(total, pairs)
        except Exception:  # of a kind that cannot be scored: its loss speaks for it
            self._judge.saw(total, [])

    def _ask(self, pairs: list[Pair]) -> None:
        """Ask the model for the same batch without dropout, where its output is the prediction itself."""
        called = self._called
        if called is None or len(pairs) != 1 or not isinstance(called.output, torch.Tensor):
            return
        if (
            called.output.shape != pairs[0].prediction.shape
            or called.output.data_ptr() != pairs[0].prediction.data_ptr()
        ):
            return
        self._depth += 1
        try:
            with without_dropout(called.module):
                answer = called.module(*called.args, **called.named)
                self._judge.heard([pairs[0].answered(answer)])
        except Exception:  # the program's own model, called by us: what training showed stands
            return
        finally:
            self._depth -= 1


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that Python binds to the instance, as it does no `partial`."""

    def __call__(self: nn.Module, *args: Any, **named: Any) -> Any:
        return function(self, *args, **named)

    return __call__


def _is_data(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and not leaf.requires_grad and not isinstance(leaf, nn.Parameter)


def _value(roots: tuple[Any, ...]) -> float:
    found = [root.detach().double().mean() for root in roots if isinstance(root, torch.Tensor) and root.numel()]
    return float(torch.stack([value.to("cpu") for value in found]).sum()) if found else float("nan")
