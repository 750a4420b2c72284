"""Arguments of ops that have a point where their value or slope is not finite: how near they come to it."""

from __future__ import annotations

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, input_of

FROM_INPUT = frozenset({"Log", "Log2", "Log10", "Log1P", "Acos", "Asin", "Pow"})
# Ops that keep their output alone: what they were computed from.
FROM_RESULT = {
    "Sqrt": torch.square,
    "Rsqrt": lambda result: result.square().reciprocal(),
    "Reciprocal": torch.reciprocal,
    "Exp": torch.log,
    "Exp2": torch.log2,
    "Expm1": torch.log1p,
}


class Argument(Quantity):
    """Extremes over all entries: a single one at the edge is enough to break a run."""

    name = "argument"
    columns = {
        "low": "smallest argument (of a quotient: denominator)",
        "high": "largest argument",
        "least": "smallest absolute value of an argument",
    }
    needs = frozenset({"saved"})

    def at_graph(self, op: TapeOp) -> Row | None:
        argument = _argument(op)
        if argument is None or not argument.is_floating_point():
            return None
        low, high = argument.aminmax()
        return {"low": low, "high": high, "least": argument.abs().amin()}


def _argument(op: TapeOp) -> torch.Tensor | None:
    if op.name in FROM_INPUT:
        return input_of(op, 0)
    if op.name == "Div":
        return op.saved("other")
    result = op.saved("result") if op.name in FROM_RESULT else None
    return None if result is None or result.is_complex() else FROM_RESULT[op.name](result.double())
