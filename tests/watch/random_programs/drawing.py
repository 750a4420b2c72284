"""What a random program is drawn with: a generator of its own, which writes down what it chose."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")
Step = Callable[[Tensor], Tensor]
Maker = Callable[["Draw", Tensor], Step]  # makes one step of a forward pass, to fit a tensor


class Draw(random.Random):
    """Draws choices; `notes` tells them, for whoever has to read a failure."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.notes: list[str] = []

    def maybe(self, share: float) -> bool:
        return self.random() < share

    def one(self, what: str, among: Mapping[str, T]) -> T:
        """One of several things that have names."""
        name = self.choice(list(among))
        self.notes.append(f"{what}: {name}" if what else name)
        return among[name]

    def of(self, *values: T) -> T:
        return self.choice(values)

    def dim(self, x: Tensor) -> int:
        """A dimension of `x`; now and then one that it has not."""
        return self.randint(-x.dim(), x.dim() if self.maybe(0.05) else max(x.dim() - 1, 0))


def group(makers: dict[str, Any]) -> Callable[[Maker], Maker]:
    """Puts a function into a table under its name."""

    def add(function: Maker) -> Maker:
        makers[function.__name__] = function
        return function

    return add


def tensor(d: Draw, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Numbers of one kind: mostly of unit scale, also constant, huge, tiny, or not numbers at all."""
    x = torch.randn(shape, dtype=dtype if dtype.is_complex else torch.float32)
    kinds: dict[str, Callable[[Tensor], Tensor]] = {
        "zeros": torch.zeros_like,
        "constant": torch.ones_like,
        "huge": lambda x: x * 1e30,
        "tiny": lambda x: x * 1e-40,
        "positive": torch.abs,
        "infinite": lambda x: x / 0,
        "one nan": lambda x: torch.where(torch.rand(x.shape) < 0.1, float("nan"), x),
        "steps": torch.sgn,
        "times 255": lambda x: x * 255,
    }
    if d.maybe(0.15):
        x = d.one("numbers", kinds)(x)
    return x.to(dtype)
