"""Other initial weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn

from neurologist.diagnose import Finding
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.edits.initial import AGAIN, by_gain
from neurologist.treat.edits.loop import Anew, ByGain
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment
from neurologist.watch.initialise import init_


@dataclass(eq=False, repr=False)
class Reinitialise(Treatment):
    """Draws the initial weights anew, before the first forward pass.

    Either so that each layer keeps the size of the signal through the activation that follows it, or as the layers do
    by themselves when they are made.
    """

    gain: bool

    slug = "re-initialise"
    treats = ("bad_init", "dead_units", "saturated_activation", "vanishing_gradient", "exploding_gradient", "too_deep",
              "wrong_hidden_activation", "missing_hidden_activation")  # fmt: skip

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Both ways."""
        yield cls(gain=True)
        if finding.cause == "bad_init":
            yield cls(gain=False)

    @property
    def label(self) -> str:
        return f"initial weights {'for the activations that follow' if self.gain else 'as torch draws them'}"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        if self.gain:
            init_(model, *args)
            return
        for module in model.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()

    def edits(self, seen: Seen) -> Iterable[Edit]:
        code = by_gain(seen) if self.gain else AGAIN
        if code is None or len(seen.forwards) != 1:
            made = seen.modules.get((0, ""))
            return [
                ByHand("neurologist.init_(model, x)  # x: a batch of inputs", made.at if made is not None else None)
            ]
        return [ByGain(code) if self.gain else Anew(code)]
