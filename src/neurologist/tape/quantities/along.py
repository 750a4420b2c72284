"""What the gradient promises for a step, and what the next gradient says about it: slopes along the update."""

from __future__ import annotations

import torch
from torch.utils.weak import WeakIdKeyDictionary

from neurologist.tape.quantity import Quantity, Row, Update

KEPT = 4_096  # entries of a parameter's change that are remembered until the next step
SIGNATURE = 64  # entries compared to tell whether the next sample is the next step


class Along(Quantity):
    """The loss's slope along an update, at its start and, where the very next step is sampled too, at its end.

    The slope at the start, gradient times change, is what the loss would lose if the surface were a plane. The
    difference of the two slopes is the curvature along the step. No step is remembered by its number: that a sample
    follows the last one directly is seen from the parameter, which has not changed since.
    """

    name = "along"
    subject = "parameter"
    columns = {
        "promised": "gradient times change, summed over the parameter: what the loss would change by on a plane",
        "entered": "for the step before, if it was sampled: its gradient times its change",
        "left": "for the step before, if it was sampled: this step's gradient times that step's change",
    }
    needs = frozenset({"update"})
    updated = ("promised", "entered", "left")

    def __init__(self) -> None:
        self._last: WeakIdKeyDictionary = WeakIdKeyDictionary()  # parameter -> signature, change, gradient, its slope

    def at_update(self, update: Update) -> Row | None:
        gradient = update.gradient
        if gradient is None or gradient.shape != update.before.shape or update.parameter.is_complex():
            # sparse: other entries than those of the parameter; complex: which slope is meant depends on the convention
            self._last.pop(update.parameter, None)
            return None
        gradient, change = gradient.double(), update.change
        scale = update.parameter.numel() / max(1, change.numel())
        row: dict[str, torch.Tensor | None] = {"promised": scale * (gradient * change).sum()}
        step = change.numel() // KEPT + 1
        part, here = gradient[::step], update.before[:SIGNATURE]
        before = self._last.get(update.parameter)
        if before is not None and before[0].shape == here.shape and before[1].shape == part.shape:
            follows = (before[0] == here).all()
            nothing = torch.full((), torch.nan, dtype=torch.float64, device=part.device)
            scale *= step
            row["entered"] = torch.where(follows, scale * before[2], nothing)
            row["left"] = torch.where(follows, scale * (before[1] * part).sum(), nothing)
        kept = change[::step]
        self._last[update.parameter] = update.after[:SIGNATURE].clone(), kept.float().clone(), (kept * part).sum()
        return row
