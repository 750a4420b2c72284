"""Batch normalisation behind the hidden layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.edits.layers import Behind
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class Normalise(Treatment):
    """Brings every unit behind a hidden layer to mean 0 and variance 1 over the batch, whatever the depth."""

    sites: frozenset[Site]
    _running: dict[Site, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict, repr=False)
    _model: list[nn.Module] = field(default_factory=list, repr=False)

    slug = "normalise"
    treats = ("vanishing_gradient", "exploding_gradient", "too_deep", "wrong_hidden_activation", "bad_init")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where there is none."""
        if any(step.kind == "normalisation" for step in seen.calls):
            return
        sites = frozenset(layer.site for layer in seen.layers if layer is not seen.output_layer)
        if sites and (seen.calls[0].shape[:1] or (1,))[0] > 1:
            yield cls(sites)

    @property
    def label(self) -> str:
        return "batch normalisation behind the hidden layers"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        self._model.append(model)

    def after(self, call: Call, result: Any) -> Any:
        if call.site not in self.sites or not isinstance(result, torch.Tensor):
            return result
        columns = result.movedim(-1, 1) if call.site.name == "linear" and result.dim() > 2 else result
        width = columns.shape[1]
        if call.site not in self._running:
            self._running[call.site] = (result.new_zeros(width), result.new_ones(width))
        mean, variance = self._running[call.site]
        training = self._model[call.site.model].training and columns.numel() > width
        done = F.batch_norm(columns, mean, variance, training=training)
        return done.movedim(1, -1) if columns is not result else done

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [
            Behind(step, f"BatchNorm{max(1, len(step.shape) - 2)}d")
            if step.site.name != "linear" or len(step.shape) == 2
            else ByHand(f"torch.nn.BatchNorm1d({step.shape[-1]})(x.movedim(-1, 1)).movedim(1, -1)", step.at)
            for step in seen.calls
            if step.site in self.sites
        ]
