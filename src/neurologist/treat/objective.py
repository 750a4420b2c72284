"""What a program minimises: the loss that `.backward()` is called on, with the prediction and target behind it.

May import: torch, `catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch

from neurologist import catalogue

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass
class Objective:
    """A prediction, a target, and what makes a loss of them; a treatment may change any part of it.

    Attributes:
        prediction, target: what the loss compares.
        function: makes the loss of both; None for a loss of the user's own, which cannot be made again.
        name: name of the torch loss function, or None.
        options: keyword arguments of that call.
        touched: the loss is to be made by `function`, not by the program's own line.
        keep_rest: penalties that the program adds to the loss stay.
        scale: factor on the loss that is differentiated.
    """

    prediction: torch.Tensor
    target: torch.Tensor
    function: LossFunction | None = None
    name: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    touched: bool = False
    keep_rest: bool = True
    scale: float = 1.0

    @property
    def value(self) -> torch.Tensor:
        """The loss made anew."""
        assert self.function is not None
        return self.function(self.prediction, self.target)


@dataclass(frozen=True)
class LossCall:
    """A call of one of torch's loss functions."""

    function: Callable[..., torch.Tensor]
    args: tuple[Any, ...]
    named: dict[str, Any]

    @property
    def objective(self) -> Objective | None:
        """What it compares; None where that is not one prediction that has a gradient and one target."""
        found = [*self.args[:2], *(self.named[k] for k in ("input", "target") if k in self.named)]
        two = [value for value in found if isinstance(value, torch.Tensor)]
        if len(two) != 2 or not two[0].requires_grad:
            return None
        return Objective(two[0], two[1], self.again, self.function.__name__, self.named)

    def again(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The same call with another prediction and target."""
        named = {k: v for k, v in self.named.items() if k not in ("input", "target")}
        return self.function(prediction, target, *self.args[2:], **named)


@dataclass(frozen=True)
class Compared:
    """What a step's loss compares, before and after treatment.

    Attributes:
        prediction, target: as the program handed them over.
        objective: as treated.
        data: the loss of both alone; None for a loss of the user's own.
    """

    prediction: torch.Tensor
    target: torch.Tensor
    objective: Objective
    data: torch.Tensor | None = None

    def differentiated(self, loss: torch.Tensor) -> torch.Tensor:
        """What to differentiate where the program calls backward on `loss`."""
        o = self.objective
        if self.data is None and o.touched and o.function is not None:
            loss = o.value
        elif self.data is not None and not o.keep_rest:
            loss = self.data
        return loss * o.scale if o.scale != 1 else loss


def is_loss(function: Callable[..., Any]) -> bool:
    """True for torch's loss functions."""
    return _names_loss(getattr(function, "__name__", ""))


@cache
def _names_loss(name: str) -> bool:
    return catalogue.loss_by_function(name) is not None
