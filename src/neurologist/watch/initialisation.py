"""What initialising a model did, layer by layer, and what it left alone and why.

May import: torch, `tape.graph`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from neurologist.tape.graph import TapeOp

RECURRENT = (nn.RNNBase, nn.RNNCellBase)
LEFT: Mapping[str, str] = {  # kind of the op that reads a parameter -> why it is left alone
    "normalisation": "normalisation: scale and shift",
    "embedding": "embedding: looks rows up, sums nothing",
    "activation": "part of an activation",
    "recurrent": "recurrent",
}
IN_PLACE = "it was initialised in place, so that nl.init_(model) is enough"


@dataclass(frozen=True)
class Initialised:
    """A layer that was initialised.

    Attributes:
        layer: its name in the model.
        gain: what the weights' standard deviation is times sqrt(fan_in).
        fan_in: products in each of its sums.
        std: the weights' standard deviation.
        why: where the gain comes from.
    """

    layer: str
    gain: float
    fan_in: float
    std: float
    why: str


@dataclass(frozen=True)
class Left:
    """Parameters that were left alone.

    Attributes:
        layer: the name of the module that holds them, and its class.
        parameters: their names in it.
        why: the reason.
    """

    layer: str
    parameters: tuple[str, ...]
    why: str


@dataclass(frozen=True, eq=False)
class Initialisation:
    """What `init_` did; the model itself was changed in place.

    Attributes:
        model: the model.
        layers: what was initialised, in the model's order.
        left: what was left alone.
    """

    model: nn.Module
    layers: tuple[Initialised, ...]
    left: tuple[Left, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.layers)} layers: weights normal, of standard deviation gain / sqrt(fan_in); biases 0"]
        rows: list[tuple[str, ...]] = [("layer", "gain", "fan_in", "std", "because")]
        rows += [(r.layer, f"{r.gain:.3f}", f"{r.fan_in:.0f}", f"{r.std:.4f}", r.why) for r in self.layers]
        lines += _columns(rows)
        if self.left:
            lines += ["left alone:", *_columns([(r.layer, ", ".join(r.parameters), r.why) for r in self.left])]
        return "\n".join(lines)

    __repr__ = __str__

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"nl.init_ returns a report, which has no {name!r}: the model is its .model; {IN_PLACE}")

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """A `TypeError`: this is no model."""
        raise TypeError(f"nl.init_ returns a report, which is no model: call its .model; {IN_PLACE}")


def left_alone(model: nn.Module, readers: Mapping[int, list[TapeOp]], taken: set[int]) -> list[Left]:
    """The parameters that were not touched, module by module, and why.

    Args:
        model: the model.
        readers: by a parameter's id, the ops that read it.
        taken: ids of the parameters that were initialised.
    """
    rows = []
    for name, module in model.named_modules():
        reasons: dict[str, list[str]] = {}
        frozen = any(not p.requires_grad for p in module.parameters(recurse=False))
        for own, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in taken:
                why = "frozen" if frozen else _why_left(module, readers.get(id(parameter), []))
                reasons.setdefault(why, []).append(own)
        kind = type(module).__name__
        rows += [Left(f"{name} ({kind})" if name else kind, tuple(own), why) for why, own in reasons.items()]
    return rows


def _why_left(module: nn.Module, readers: list[TapeOp]) -> str:
    if isinstance(module, RECURRENT):
        return LEFT["recurrent"]
    if not readers:
        return "not reached by this forward pass"
    reader = next((op for op in readers if op.kind in LEFT), readers[0])
    if reader.kind in ("linear", "conv"):
        return "its weight is computed from others"
    return LEFT.get(reader.kind, f"read by {reader.name}: neither linear nor a convolution")


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as text; all columns but the last as wide as their longest entry."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
