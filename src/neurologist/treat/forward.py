"""A model's forward pass under treatment. It stays with the model after the treated run, as an edit would.

May import: torch, `treat.call`, `treat.treatment`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

from neurologist.treat.call import Call, Site
from neurologist.treat.treatment import Treatment

PLAIN = {"__get__", "__set__", "size", "dim", "numel", "item", "tolist", "__len__", "__format__", "__repr__"}
Observer = Callable[[Call, Any], None]
Finished = Callable[[nn.Module, tuple[Any, ...], dict[str, Any], Any], None]


class Calls(TorchFunctionMode):
    """Sees every torch call in its block, and hands it to `handle`."""

    def __init__(self, handle: Callable[..., Any]) -> None:
        super().__init__()
        self._handle = handle

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Every call of a torch function or tensor method comes here first."""
        if getattr(func, "__name__", "") in PLAIN:
            return func(*args, **(kwargs or {}))
        return self._handle(func, args, kwargs or {})


class Place:
    """Where the program is: in which model, in which of its modules, and how often it called what."""

    def __init__(self) -> None:
        self.stack: list[tuple[int, str]] = []
        self.counts: Counter[tuple[int, str, str]] = Counter()

    def site(self, name: str) -> Site:
        """The site of the call that happens now."""
        model, module = self.stack[-1] if self.stack else (-1, "")
        key = (model, module, name)
        self.counts[key] += 1
        return Site(model, module, name, self.counts[key] - 1)

    def afresh(self, model: int) -> None:
        """A forward pass of this model begins, or a step (-1)."""
        self.counts = Counter({key: n for key, n in self.counts.items() if key[0] != model})


PLACE = Place()


class Forward:
    """What is done in each forward pass of one model.

    Args:
        model: the model; hooks are put on it and on what is in it.
        index: which model of the program it is.
        plan: the treatments.
        finished: told of each forward pass: model, its inputs as the program gave them, its output.
    """

    def __init__(self, model: nn.Module, index: int, plan: list[Treatment], finished: Finished | None = None) -> None:
        self.index, self.plan, self.finished = index, plan, finished
        self.inside = 0
        self.mode: Calls | None = None
        self.wrapped = finished is not None  # a mode around the whole program sees the calls already
        self.given: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
        for path, module in model.named_modules():
            module.register_forward_pre_hook(partial(self.enter, path), with_kwargs=True)
            module.register_forward_hook(partial(self.leave, path), always_call=True)

    def release(self) -> None:
        """The run is over: from now on the model is on its own."""
        self.finished, self.wrapped, self.inside, self.given = None, False, 0, ((), {})

    def enter(
        self, path: str, module: nn.Module, args: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """A module's forward begins."""
        changed = None
        if not self.inside:
            PLACE.afresh(self.index)
            self.given = (args, named)
            if self.plan:
                for treatment in self.plan:
                    args = treatment.inputs(args)
                changed = (args, named)
            if not self.wrapped and self.plan:
                self.mode = Calls(partial(treated_call, self.plan, None))
                self.mode.__enter__()  # type: ignore[no-untyped-call]
        self.inside += 1
        PLACE.stack.append((self.index, path))
        return changed

    def leave(self, path: str, module: nn.Module, args: Any, result: Any) -> Any:
        """A module's forward ends, also by an error: then `result` is None."""
        self.inside -= 1
        PLACE.stack.pop()
        if self.inside:
            return None
        if self.mode is not None:
            self.mode.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self.mode = None
        if self.plan and result is not None:
            result = tree_map_only(torch.Tensor, self._output, result)
        if self.finished is not None and result is not None:
            self.finished(module, *self.given, result)
        self.given = ((), {})
        return result

    def _output(self, value: torch.Tensor) -> torch.Tensor:
        for treatment in self.plan:
            value = treatment.output(value)
        return value


def treated_call(
    plan: list[Treatment], observe: Observer | None, function: Callable[..., Any], args: Any, named: Any
) -> Any:
    """Make a torch call as the treatments change it."""
    call = Call(PLACE.site(getattr(function, "__name__", "")), function, args, named)
    for treatment in plan:
        treatment.before(call)
    result = call.function(*call.args, **call.named)
    for treatment in plan:
        result = treatment.after(call, result)
    if observe is not None:
        observe(call, result)
    return result
