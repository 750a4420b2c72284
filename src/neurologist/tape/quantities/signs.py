"""Whether all weights of a unit are pushed the same way."""

from __future__ import annotations

from neurologist.tape.quantity import Quantity, Row, Update

UNITS = 256  # rows of the gradient looked at
LEAST = 4  # weights of a unit, below which one sign is no wonder: half of the pairs have one by chance


class Signs(Quantity):
    """Share of a layer's units whose weights all get a gradient of the same sign in this step."""

    name = "signs"
    subject = "parameter"
    columns = {"one_signed": "share of units with a gradient whose non-zero entries all have one sign, in [0, 1]"}
    needs = frozenset({"update"})

    def at_update(self, update: Update) -> Row | None:
        gradient = update.grad
        if gradient is None or gradient.is_sparse or gradient.is_complex() or gradient.dim() < 2:
            return None
        rows = gradient.detach()[:UNITS].flatten(1)
        if rows.shape[1] < LEAST:
            return None
        moved = rows.count_nonzero(1) >= LEAST
        one = ((rows.amin(1) >= 0) | (rows.amax(1) <= 0)) & moved  # neither where there is a NaN
        return {"one_signed": one.sum() / moved.sum().clamp(min=1)}
