"""The base of every quantity: what it needs, what it measures, and how numbers wait on the device.

A quantity is one file in `quantities/` with one subclass of `Quantity`, found by discovery. It declares the columns of
its table, what it needs, and overrides the methods for those needs. Values that it returns may be numbers, 0-d tensors
(gathered on the device and copied to the host once per sample), or 1-d uint8 tensors (stored as a BLOB).
May import: torch, `catalogue`, `functional`, `tape.graph`.
"""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import torch

from neurologist.tape.graph import TapeOp
from neurologist.tape.shard import is_term, local

Value = torch.Tensor | float | int | str | None
Row = Mapping[str, Value]
Need = Literal["saved", "gradient", "shared_gradient", "update"]

LIMIT = 16_384  # entries that a statistic looks at; its standard error is then below 1 %
UNIT_LIMIT = 131_072  # entries that a per-unit statistic looks at: every row of a wide layer, most of a large map


@dataclass
class Update:
    """A parameter around an optimizer step, all as the same strided selection of its entries.

    Attributes:
        parameter: the parameter after the step; of a shard only `weight` and `grad` may be computed with.
        before: its entries before the step; after: after it.
        gradient: entries of the gradient that backward gave it in this step, unscaled, or None; None for a shard too,
            for backward gives the gradient of the whole.
        arrived: RMS of that gradient, or None.
        received: RMS of the gradient that the optimizer's step got, or None.
        square: this process's share of the squared L2 norm of what the optimizer's step got, or None.
        carried: RMS of what `.grad` still held from before the optimizer's last step, 0 where that was cleared; None
            when it is not known.
    """

    parameter: torch.Tensor
    before: torch.Tensor
    after: torch.Tensor
    gradient: torch.Tensor | None
    carried: torch.Tensor | float | None = None
    received: torch.Tensor | None = None
    arrived: torch.Tensor | None = None
    square: torch.Tensor | None = None

    @cached_property
    def change(self) -> torch.Tensor:
        """What the step added to these entries, in double precision."""
        wide = torch.complex128 if self.before.is_complex() else torch.float64
        return self.after.to(wide) - self.before.to(wide)

    @property
    def weight(self) -> torch.Tensor:
        """All of the parameter that this process holds."""
        return local(self.parameter.detach())

    @property
    def grad(self) -> torch.Tensor | None:
        """All of its `.grad` that this process holds; None also where that is a term of a sum over processes."""
        grad = self.parameter.grad
        return None if grad is None or is_term(grad) else local(grad.detach())


class Quantity(ABC):
    """Something measured at every sample, per op or per parameter."""

    name: ClassVar[str]  # its table in the record
    subject: ClassVar[Literal["op", "parameter"]] = "op"
    columns: ClassVar[dict[str, str]]  # column -> what it holds, with its unit
    needs: ClassVar[frozenset[Need]]
    updated: ClassVar[tuple[str, ...]] = ()  # columns that tell what an optimizer's step did to a parameter
    plotted: ClassVar[dict[str, str]] = {}  # columns that dashboards get, and their names there

    def at_graph(self, op: TapeOp) -> Row | None:
        """Measure from saved tensors, before backward runs; None when there is nothing to say (needs "saved")."""
        return None

    def at_gradient(self, op: TapeOp, gradient: torch.Tensor) -> Row | None:
        """Measure the gradient that arrives at the op's output (needs "gradient")."""
        return None

    def at_shared_gradient(self, op: TapeOp, gradient: torch.Tensor) -> Row | None:
        """Measure the gradient that the op hands to a source which other ops read too (needs "shared_gradient")."""
        return None

    def at_update(self, update: Update) -> Row | None:
        """Measure a parameter after the optimizer stepped (needs "update")."""
        return None

    def finish(self, op: TapeOp, row: dict[str, Any], rows: Mapping[TapeOp, dict[str, Any]]) -> None:  # noqa: B027
        """Complete a row on the host, once all numbers are there; most quantities have nothing to add."""


def strided(tensor: torch.Tensor, limit: int = LIMIT, sizes: bool = True) -> torch.Tensor:
    """At most about `limit` entries of a tensor, evenly spread: a flat view, or a copy where entries were left out.

    They lie side by side, for they are read more than once. Of a shard the part that this process holds; of complex
    entries their absolute values, unless `sizes` is false.
    """
    tensor = local(tensor)
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    if sizes and tensor.is_complex():
        tensor = tensor.abs()
    count = tensor.numel()
    if count <= limit:
        return tensor.reshape(-1)
    if not tensor.is_contiguous():
        keep = max(1, limit // max(1, count // tensor.shape[0]))
        tensor = tensor[:: max(1, tensor.shape[0] // keep)]
    stride = tensor.numel() // limit | 1
    while stride > 1 and math.gcd(stride, tensor.shape[-1]) > 1:  # else it would see the same columns in every row
        stride += 2
    return tensor.reshape(-1)[::stride].contiguous()


def rms(tensor: torch.Tensor) -> torch.Tensor:
    """Root mean square of a tensor's entries, in float64 so that small gradients do not underflow when squared."""
    part = strided(tensor)
    norm: torch.Tensor = torch.linalg.vector_norm(part, dtype=torch.float64)
    return norm / math.sqrt(max(1, part.numel()))


def whole_norm(tensor: torch.Tensor) -> torch.Tensor:
    """L2 norm over all entries that this process holds, in float64."""
    tensor = local(tensor)
    entries = tensor.coalesce().values() if tensor.is_sparse else tensor
    norm: torch.Tensor = torch.linalg.vector_norm(entries, dtype=torch.promote_types(entries.dtype, torch.float64))
    return norm


def unit_dim(op: TapeOp, tensor: torch.Tensor) -> int:
    """The dimension of a tensor that counts units: channels behind a convolution, wherever they went, else the last."""
    below: TapeOp | None = op
    moves: list[dict[str, Any]] = []
    for _ in range(6):
        if below is None or below.kind in ("linear", "matmul", "recurrent", "embedding"):
            return -1
        if below.kind in ("conv", "pooling") or (below.kind == "normalisation" and "Batch" in below.name):
            return _moved(1, moves[::-1], tensor.dim()) if tensor.dim() > 2 else -1
        if below.name in ("Permute", "Transpose"):
            moves.append(below.options)
        below = below.source
    return -1


def _moved(dim: int, moves: Iterable[Mapping[str, Any]], count: int) -> int:
    """Where a dimension is after permutations and transpositions of `count` of them, in order."""
    for move in moves:
        order = move.get("dims") or list(range(count))
        if "dim0" in move:
            one, other = move["dim0"] % count, move["dim1"] % count
            order[one], order[other] = other, one
        if len(order) == count:
            dim = [n % count for n in order].index(dim)
    return dim


def by_unit(op: TapeOp, tensor: torch.Tensor) -> torch.Tensor:
    """A tensor as (observations, units), thinned to about `UNIT_LIMIT` entries by leaving out observations."""
    dim = unit_dim(op, tensor)
    if tensor.dim() > 1 and dim % tensor.dim() != 0:  # thin the batch first: it costs no copy
        tensor = tensor[:: max(1, min(tensor.shape[0] // 4, tensor.numel() // (4 * UNIT_LIMIT)))]
    rows = tensor.movedim(dim, -1).reshape(-1, tensor.shape[dim])
    step = max(1, rows.numel() // UNIT_LIMIT)
    return rows[::step] if step > 1 else rows


def output_of(op: TapeOp) -> torch.Tensor | None:
    """The op's output, if it or a consumer kept it; None otherwise."""
    for name in ("result", "output", "result0"):
        if (kept := op.saved(name)) is not None:
            return kept
    for consumer, slot in op.consumers:
        kept = input_of(consumer, slot)
        if kept is not None and tuple(kept.shape) == op.shape:
            return kept
    return None


# Which saved tensor is the input at a slot, for ops that keep their inputs under other names than self and other.
_SLOTS = {
    "Addmm": {1: "mat1"},
    "Mm": {0: "self"},
    "Convolution": {0: "input"},
    "Bmm": {0: "self", 1: "mat2"},
    "Embedding": {1: "indices"},
}


def input_of(op: TapeOp, slot: int) -> torch.Tensor | None:
    """The tensor that the op read at a slot, if it kept it."""
    if op.name in _SLOTS:
        name = _SLOTS[op.name].get(slot)
        return op.saved(name) if name else None
    if op.name in ("Mul", "Div") and slot == 1:
        return op.saved("other")
    return next((t for n in ("self", "input") if slot == 0 and (t := op.saved(n)) is not None), None)
