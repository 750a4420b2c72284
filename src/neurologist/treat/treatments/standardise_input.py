"""Inputs at unit scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.scales import Inputs
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class StandardiseInput(Treatment):
    """Subtracts the inputs' mean and divides by their standard deviation, both known from the control's batches."""

    mean: torch.Tensor
    std: torch.Tensor
    whole: bool

    slug = "standardise-input"
    treats = ("unscaled_input", "one_signed_inputs", "constant_input", "saturated_activation", "dead_units",
              "wrong_output_activation", "wrong_output_units")  # fmt: skip
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Column by column, and all columns alike."""
        if seen.inputs.count < 2:
            return
        mean, std = seen.inputs.mean, seen.inputs.std
        far = float(mean.abs().max()) > 3 or not 0.1 < float(std.max()) < 3
        if finding.cause in ("wrong_output_activation", "wrong_output_units") and not far:
            return
        yield cls(mean, std, whole=False)
        if len(mean) > 1 and finding.cause != "wrong_output_activation":
            spread = (std.pow(2).mean() + mean.var(unbiased=False)).sqrt()
            yield cls(mean.mean().expand_as(mean).clone(), spread.expand_as(std).clone(), whole=True)

    @property
    def label(self) -> str:
        return f"inputs standardised{' all by one mean and deviation' if self.whole else ''}"

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(self._scaled(value) for value in args)

    def _scaled(self, value: Any) -> Any:
        fits = isinstance(value, torch.Tensor) and value.is_floating_point() and value.dim() > 1
        if not fits or value.shape[1] != len(self.mean):
            return value
        shape = (1, -1, *[1] * (value.dim() - 2))
        mean, std = (t.to(value).reshape(shape) for t in (self.mean, self.std))
        return (value - mean) / std

    def edits(self, seen: Seen) -> Iterable[Edit]:
        columns = 1 if self.whole else len(self.mean)
        return [Inputs(seen, self.mean[:columns].tolist(), self.std[:columns].tolist())]
