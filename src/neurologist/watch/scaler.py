"""What `torch.amp.GradScaler` does to a step: by how much it scales the loss, and when it leaves a step out.

Its methods `scale` and `step` are replaced while anyone watches, in the class and in each class made from it that has
its own; `remove` puts them back. Nothing of it waits for a device. May import: torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import torch
from torch.amp.grad_scaler import GradScaler

Tell = Callable[..., None]  # tell(event, *arguments), to every watcher
Method = Callable[..., Any]


class ScalerDoor:
    """Tells "scaled" with the scaled losses and their scale, and "skipped" with the optimizer.

    Args:
        tell: how to tell the watchers.
        count: optimizer steps so far, of any optimizer.
    """

    def __init__(self, tell: Tell, count: Callable[[], int]) -> None:
        self._tell, self._count = tell, count
        self._replaced: list[tuple[type, str, Method, Method]] = []
        for owner in _classes(GradScaler):
            self._replace(owner, "scale", self._scale)
            self._replace(owner, "step", self._step)

    def _replace(self, owner: type, name: str, around: Callable[[Method], Method]) -> None:
        original = owner.__dict__.get(name)
        if original is not None:
            stand_in = wraps(original)(around(original))
            self._replaced.append((owner, name, original, stand_in))
            setattr(owner, name, stand_in)

    def _scale(self, original: Method) -> Method:
        def scale(scaler: GradScaler, *arguments: Any, **options: Any) -> Any:
            scaled = original(scaler, *arguments, **options)
            losses = scaled if isinstance(scaled, list | tuple) else [scaled]
            if scaler.is_enabled() and scaler._scale is not None:
                self._tell("scaled", [loss for loss in losses if isinstance(loss, torch.Tensor)], scaler._scale)
            return scaled

        return scale

    def _step(self, original: Method) -> Method:
        def step(scaler: GradScaler, optimizer: torch.optim.Optimizer, *arguments: Any, **options: Any) -> Any:
            before = self._count()
            returned = original(scaler, optimizer, *arguments, **options)
            if self._count() == before:
                self._tell("skipped", optimizer)
            return returned

        return step

    def remove(self) -> None:
        """Put the originals back, where nobody else has put something in their place since."""
        for owner, name, original, stand_in in self._replaced:
            if owner.__dict__.get(name) is stand_in:
                setattr(owner, name, original)


def _classes(base: type) -> Iterator[type]:
    yield base
    derived: list[type] = base.__subclasses__()
    for cls in derived:
        yield from _classes(cls)
