"""Missing inputs filled with their mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class FillMissing(Treatment):
    """Puts the mean of its column where an input is NaN or infinite: one such number makes every weight NaN."""

    mean: torch.Tensor

    slug = "fill-missing"
    treats = ("non_finite_data",)
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where the model's inputs have such gaps, and not only gaps."""
        missing = seen.inputs.missing
        if missing is not None and bool((missing > 0).any()) and bool((missing < seen.inputs.count).any()):
            yield cls(seen.inputs.mean)

    @property
    def label(self) -> str:
        return "missing inputs filled with the mean of their column"

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(self._filled(value) for value in args)

    def _filled(self, value: Any) -> Any:
        fits = isinstance(value, torch.Tensor) and value.is_floating_point() and value.dim() > 1
        if not fits or value.shape[1] != len(self.mean):
            return value
        mean = self.mean.to(value).reshape(1, -1, *[1] * (value.dim() - 2))
        return torch.where(value.isfinite(), value, mean)

    def edits(self, seen: Seen) -> Iterable[Edit]:
        axes = tuple(axis for axis in range(len(seen.shapes.get("input", (0, 0)))) if axis != 1)
        return [
            ByHand(
                f"mean = train_x.nanmean({axes}, keepdim=True)\n"
                "x = torch.where(x.isfinite(), x, mean)  # whatever the model gets, in training and in use"
            )
        ]
