"""Wider hidden layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Arguments
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

LEAST = 16


@dataclass(eq=False, repr=False)
class Wider(Treatment):
    """Gives hidden linear layers at least so many units; those in a plain row, with activations between them only."""

    units: int
    row: tuple[str, ...]  # paths of all linear layers, in order

    slug = "wider"
    treats = ("capacity_too_small", "bad_init", "dead_units", "wrong_output_activation")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where the model is one row of linear layers and some are narrow."""
        layers = seen.layers
        plain = all(layer.site.name == "linear" and layer.site.model == 0 for layer in layers)
        between = [s for s in seen.calls if s.kind in ("normalisation", "matmul", "recurrent", "attention")]
        if plain and not between and len(layers) > 1 and min(layer.shape[-1] for layer in layers[:-1]) < LEAST // 2:
            yield cls(LEAST, tuple(layer.site.module for layer in layers))

    @property
    def label(self) -> str:
        return f"at least {self.units} units in hidden layers"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        modules = dict(model.named_modules())
        layers = [modules[path] for path in self.row if isinstance(modules.get(path), nn.Linear)]
        width = None
        for index, layer in enumerate(layers):
            assert isinstance(layer, nn.Linear)
            into = layer.in_features if width is None else width
            out = layer.out_features if index == len(layers) - 1 else max(self.units, layer.out_features)
            _resize(layer, into, out)
            width = out

    def edits(self, seen: Seen) -> Iterable[Edit]:
        steps = [step for step in seen.layers if step.site.module in self.row]
        sizes: list[Edit] = []
        width: int | None = None
        for step in steps:
            units = max(self.units, step.shape[-1])
            values: dict[str, str | None] = {} if width is None else {"in_features": str(width)}
            values |= {} if step is steps[-1] else {"out_features": str(units)}
            sizes.append(Arguments(step, values, {"in_features": (0, 0), "out_features": (1, 1)}))
            width = units
        return sizes


def _resize(layer: nn.Linear, into: int, out: int) -> None:
    if (into, out) == (layer.in_features, layer.out_features):
        return
    fresh = nn.Linear(into, out, layer.bias is not None).to(layer.weight)
    layer.weight.data, layer.in_features, layer.out_features = fresh.weight.data, into, out
    if layer.bias is not None:
        layer.bias.data = fresh.bias.data
