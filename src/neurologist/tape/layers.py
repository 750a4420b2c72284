"""The layers on the tape: which ops sum over a weight's fan_in, with which bias.

Read from the ops and not from modules, so that a bare parameter in `x @ w`, and a class of the user's own, count too.
May import: torch, `tape.graph`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch

from neurologist.tape.graph import ACCUMULATE, Graph, TapeOp

# Where an op may read its weight (slot -> the axis that it sums over), and its bias. A convolution sums over all axes
# of its weight but the one that counts units.
SUMS: dict[str, dict[int, int]] = {
    "Addmm": {1: -1, 2: -2},
    "Baddbmm": {1: -1, 2: -2},
    "Addmv": {1: -1, 2: -1},
    "Mm": {0: -1, 1: -2},
    "Bmm": {0: -1, 1: -2},
    "Mv": {0: -1, 1: -1},
    "Linear": {1: -1},
    "Convolution": {1: 0},
}
BIAS = {"Addmm": 0, "Baddbmm": 0, "Addmv": 0, "Linear": 2, "Convolution": 2}


@dataclass(frozen=True, eq=False)
class Layer:
    """One op that multiplies its input by a parameter and sums.

    Attributes:
        op: the op.
        weight: the parameter, as the model holds it.
        fan_in: products in each sum; of a transposed convolution on average, since they differ from place to place.
        bias: the parameter that is added to each unit, or None.
    """

    op: TapeOp
    weight: torch.Tensor
    fan_in: float
    bias: torch.Tensor | None


def layers(graph: Graph) -> list[Layer]:
    """All layers of a graph in forward order; one that runs twice stands here twice."""
    return [found for op in graph.ops if op.kind in ("linear", "conv") and (found := _layer(op)) is not None]


def _layer(op: TapeOp) -> Layer | None:
    """The layer that an op is; None where no or both factors are parameters."""
    slots = SUMS.get(op.name, {})
    weights = {slot: read for slot in slots if (read := _read(op, slot)) is not None}
    if len(weights) != 1:
        return None
    ((slot, (weight, shape)),) = weights.items()
    fan_in = _taps(op, weight) if op.kind == "conv" else float(shape[slots[slot]])
    bias = _read(op, BIAS[op.name]) if op.name in BIAS else None
    return Layer(op, weight, fan_in, bias[0] if bias else _added(op))


def _read(op: TapeOp, slot: int) -> tuple[torch.Tensor, tuple[int, ...]] | None:
    """The parameter that an op reads at a slot, directly or through reshaping, and the shape that it has there."""
    functions = op.node.next_functions
    source = functions[slot][0] if slot < len(functions) else None
    if source is not None and source.name().endswith(ACCUMULATE):
        variable: torch.Tensor = source.variable  # type: ignore[attr-defined]
        return variable, tuple(variable.shape)
    below = op.inputs.get(slot)
    if below is None or not below.weight_only or len(below.parameters) != 1:
        return None
    return below.parameters[0], below.shape


def _taps(op: TapeOp, weight: torch.Tensor) -> float:
    """Products in each sum of a convolution, away from the edges."""
    window = prod(weight.shape[2:])
    if not getattr(op.node, "_saved_transposed", False):
        return float(weight.shape[1] * window)
    groups, stride = getattr(op.node, "_saved_groups", 1), getattr(op.node, "_saved_stride", (1,))
    return weight.shape[0] / groups * window / prod(stride)


def _added(op: TapeOp) -> torch.Tensor | None:
    """A bias that is added behind the op: one number per unit."""
    units, above = op.shape[-1] if op.shape else 0, op
    while len(above.consumers) == 1:
        above = above.consumers[0][0]
        if above.name == "Add":
            biases = [p for p in above.parameters if p.dim() == 1 and len(p) == units]
            return biases[0] if len(biases) == 1 else None
        if above.kind != "shape":
            return None
    return None
