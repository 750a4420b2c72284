"""Training in single precision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from neurologist.diagnose import Finding
from neurologist.treat.call import Call
from neurologist.treat.edit import Edit
from neurologist.treat.edits.scales import Single
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

HALF = (torch.float16, torch.bfloat16)
CASTS = ("half", "bfloat16")


@dataclass(eq=False, repr=False)
class SinglePrecision(Treatment):
    """Keeps weights, inputs and targets in float32, whose range and spacing suffice."""

    slug = "single-precision"
    words = ("bfloat16", "gradient-scaling")
    treats = ("half_precision_overflow", "half_precision_underflow")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Always."""
        yield cls()

    @property
    def label(self) -> str:
        return "float32"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        model.float()

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(map(_single, args))

    def before(self, call: Call) -> None:
        if call.site.name in CASTS or any(given in HALF for given in (*call.args[1:], *call.named.values())):
            call.instead(lambda tensor: tensor.float())
        function, args = call.function, tuple(map(_single, call.args))

        def outside_autocast(*given: Any, **named: Any) -> Any:
            with torch.autocast(device, enabled=False):
                return function(*given, **named)

        device = next((value.device.type for value in args if isinstance(value, torch.Tensor)), "cpu")
        call.function, call.args = outside_autocast, args

    def objective(self, objective: Objective) -> None:
        if objective.target.dtype in HALF:
            objective.target, objective.touched = objective.target.float(), objective.function is not None

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Single()]


def _single(value: Any) -> Any:
    return value.float() if isinstance(value, torch.Tensor) and value.dtype in HALF else value
