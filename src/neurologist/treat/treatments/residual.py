"""Residual connections around hidden layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Around
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class Residual(Treatment):
    """Adds to what a hidden layer and its activation give what they got, wherever both have one shape."""

    pairs: dict[Site, Site]  # activation -> the layer before it
    _inputs: dict[Site, torch.Tensor] = field(default_factory=dict, repr=False)

    slug = "residual"
    treats = ("too_deep", "vanishing_gradient")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Where layers keep their width."""
        pairs = {}
        for act in seen.hidden_activations:
            layer = seen.source_layer(act)
            before = seen.calls[layer.sources[0]] if layer is not None and layer.sources else None
            if layer is not None and before is not None and before.shape == act.shape:
                pairs[act.site] = layer.site
        if pairs:
            yield cls(pairs)

    @property
    def label(self) -> str:
        return f"residual connections around {len(self.pairs)} layer{'s' if len(self.pairs) > 1 else ''}"

    def before(self, call: Call) -> None:
        if call.site in self.pairs.values():
            self._inputs[call.site] = call.input

    def after(self, call: Call, result: Any) -> Any:
        if call.site not in self.pairs or self.pairs[call.site] not in self._inputs:
            return result
        start = self._inputs.pop(self.pairs[call.site])
        return result + start if start.shape == result.shape else result

    def edits(self, seen: Seen) -> Iterable[Edit]:
        starts = {step.site: step for step in seen.calls}
        return [Around(step, starts[self.pairs[step.site]]) for step in seen.calls if step.site in self.pairs]
