"""How far the examples of a batch agree on where a layer's weight should go."""

from __future__ import annotations

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, input_of

ROWS = 64  # rows of the batch compared with each other
SLOT = {"Addmm": 1, "Mm": 0}  # where these read their data


class Agreement(Quantity):
    """Squared norms of the gradients that single rows of a batch give a linear layer's weight, and of their sum.

    A row's gradient is the product of its input and of the gradient at its output, so its norm is the product of
    theirs and no gradient is computed again (I. Goodfellow, Efficient per-example gradient computations, 2015). Where
    rows agree the sum's square grows with the square of their number, where they do not, with their number.
    """

    name = "agreement"
    columns = {
        "examples": f"rows compared, {ROWS} at most",
        "of": "rows of the batch",
        "single": "sum over the rows compared of the squared norm of each one's gradient",
        "whole": "squared norm of the sum of these gradients",
    }
    needs = frozenset({"gradient"})

    def at_gradient(self, op: TapeOp, gradient: torch.Tensor) -> Row | None:
        data = input_of(op, SLOT[op.name]) if op.name in SLOT and op.parameters else None
        if data is None or data.is_complex() or data.dim() != 2 or gradient.dim() != 2:
            return None
        if data.shape[0] != gradient.shape[0] > 1:
            return None
        step = -(-data.shape[0] // ROWS)
        inputs, outputs = data[::step].double(), gradient[::step].double()
        outputs = op.unscaled(outputs)
        products = (inputs @ inputs.T) * (outputs @ outputs.T)
        return {
            "examples": inputs.shape[0],
            "of": data.shape[0],
            "single": products.diagonal().sum(),
            "whole": products.sum(),
        }
