"""Seeing what a loss compares: the calls of torch's loss functions in a block of the program.

May import: torch, `treat.forward`, `treat.objective`, `treat.pair`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from neurologist.treat.forward import Calls
from neurologist.treat.objective import LossCall, is_loss
from neurologist.treat.pair import Pair


def compared(function: Callable[..., Any], args: Any, named: Any, result: Any) -> Pair | None:
    """What a torch call compared; None where it is no loss of one prediction and one target."""
    if not is_loss(function) or not isinstance(result, torch.Tensor) or not result.numel():
        return None
    objective = LossCall(function, args, named).objective
    if objective is None or objective.prediction.shape[:1] != objective.target.shape[:1]:
        return None
    value = float(result.detach().double().mean())
    return Pair(objective.prediction.detach(), objective.target.detach(), value, objective, reduced=result.numel() == 1)


class Comparing(Calls):
    """Notes what losses compare in its block.

    Attributes:
        pairs: in the order of the calls.
    """

    def __init__(self) -> None:
        super().__init__(self._noted)
        self.pairs: list[Pair] = []

    def _noted(self, function: Callable[..., Any], args: Any, named: Any) -> Any:
        result = function(*args, **named)
        pair = compared(function, args, named, result)
        if pair is not None:
            self.pairs.append(pair)
        return result
