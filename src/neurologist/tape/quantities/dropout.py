"""How much dropout drops."""

from __future__ import annotations

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, strided


class Dropout(Quantity):
    """Share of entries that dropout set to 0, counted in its own mask."""

    name = "dropout"
    columns = {"dropped": "share of the mask's entries that are 0, in [0, 1]"}
    needs = frozenset({"saved"})

    def at_graph(self, op: TapeOp) -> Row | None:
        if op.kind != "dropout":
            return None
        mask = next((m for n in ("result1", "mask", "other", "self") if (m := op.saved(n)) is not None), None)
        return None if mask is None else {"dropped": (strided(mask) == 0).double().mean()}
