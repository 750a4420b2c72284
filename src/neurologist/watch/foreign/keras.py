"""Keras' own optimizers on its torch backend, which change torch's parameters without `torch.optim`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary, ref

import torch

from neurologist.watch.foreign import Tell

PACKAGE = "keras.optimizers"
EVERY = "gradient_accumulation_steps"  # backward passes to one change of the parameters


class View:
    """A Keras optimizer as torch's look.

    Attributes:
        param_groups: one group: its parameters, its options, and the learning rate unless that is a schedule.
    """

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = ref(optimizer)
        self._read: tuple[int, int] | None = None
        options = {k: v for k, v in optimizer.get_config().items() if k != "learning_rate"}
        self.param_groups: list[dict[str, Any]] = [{**options, "params": []}]

    def refresh(self) -> None:
        """Note the parameters, and the learning rate where it was assigned: reading it waits for its device."""
        optimizer, group = self._optimizer(), self.param_groups[0]
        if optimizer is None:
            return
        if not group["params"]:
            group["params"] = [variable.value for variable in optimizer._trainable_variables]
        rate = getattr(optimizer._learning_rate, "value", None)
        if isinstance(rate, torch.Tensor) and (id(rate), rate._version) != self._read:
            self._read, group["lr"] = (id(rate), rate._version), float(rate)


def install(tell: Tell) -> Callable[[], None] | None:
    """Stand in for the method through which every Keras optimizer changes parameters."""
    import keras
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    if keras.backend.backend() != "torch":
        return None
    original = BaseOptimizer.apply
    views: WeakKeyDictionary[Any, View] = WeakKeyDictionary()

    def look(optimizer: Any, refresh: bool) -> View | None:
        if every := getattr(optimizer, EVERY, None):
            count = int(optimizer._iterations.value) + (0 if refresh else 1)
            if count % every:
                return None
        if optimizer not in views:
            views[optimizer] = type(type(optimizer).__name__, (View,), {})(optimizer)
        if refresh:
            views[optimizer].refresh()
        return views[optimizer]

    @wraps(original)
    def apply(self: Any, *arguments: Any, **options: Any) -> Any:
        tell("stepping", lambda: look(self, refresh=False))
        done = original(self, *arguments, **options)
        tell("stepped", lambda: look(self, refresh=True))
        return done

    def remove() -> None:
        if BaseOptimizer.apply is apply:
            BaseOptimizer.apply = original

    BaseOptimizer.apply = apply
    return remove
