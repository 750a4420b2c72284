"""A recurrent state that is kept by a gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from neurologist.diagnose import Finding
from neurologist.treat.call import Call
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.loops import Loop, loops
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

KEEP = 2.0  # bias of a gate at the start: nine tenths of the state are kept, as with an LSTM's forget bias
GATED: dict[type[nn.Module], type[nn.Module]] = {nn.RNN: nn.GRU, nn.RNNCell: nn.GRUCell}
PLAIN = {"rnn_tanh", "rnn_relu", "rnn_tanh_cell", "rnn_relu_cell"}
NAME = "gate"  # of the new layer in the model


@dataclass(eq=False, repr=False)
class GatedCell(Treatment):
    """Lets a gate decide how much of a recurrent state is kept, so that the gradient finds a straight way back.

    In a loop written out, `state = new` becomes `state = z * state + (1 - z) * new`, with z = sigmoid of a new layer
    that reads both the state and what makes the new one. nn.RNN becomes nn.GRU.
    """

    loops: tuple[Loop, ...]
    layers: bool
    _gates: dict[Loop, nn.Linear] = field(default_factory=dict, repr=False)
    _states: dict[Loop, torch.Tensor] = field(default_factory=dict, repr=False)
    _new: list[nn.Parameter] = field(default_factory=list, repr=False)

    slug = "gated-cell"
    treats = ("recurrent_depth",)
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """For loops written out, and for torch's plain recurrent layers."""
        found = loops(seen)
        layers = any(step.site.name in PLAIN for step in seen.calls)
        if found or layers:
            yield cls(found, layers)

    @property
    def label(self) -> str:
        return "gated state" + (" in place of the plain recurrent cell" if self.loops else ": GRU in place of RNN")

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        device = next(model.parameters())
        for index, loop in enumerate(self.loops):
            if loop in self._gates:
                continue
            gate = self._gates[loop] = nn.Linear(2 * loop.units, loop.units).to(device)
            nn.init.constant_(gate.bias, KEEP)
            model.add_module(f"{NAME}{index}", gate)
            self._new += gate.parameters()
        for parent in list(model.modules()) if self.layers else ():
            for name, child in list(parent.named_children()):
                if type(child) in GATED:
                    fresh = _gated(child).to(device)
                    parent.add_module(name, fresh)
                    self._new += fresh.parameters()

    def after(self, call: Call, result: Any) -> Any:
        for loop, gate in self._gates.items():
            if (turn := loop.turn(call.site)) is None:
                continue
            state = self._states.get(loop)
            if turn > 0 and state is not None and state.shape == result.shape:
                z = torch.sigmoid(gate(torch.cat([state, call.input], -1)))
                result = z * state + (1 - z) * result
            self._states[loop] = result
        return result

    def output(self, value: torch.Tensor) -> torch.Tensor:
        self._states.clear()
        return value

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        if self._new:
            optimizer.add_param_group({"params": self._new})
            self._new = []

    def again(self) -> None:
        self._gates, self._new = {}, []

    def edits(self, seen: Seen) -> Iterable[Edit]:
        if not self.loops:
            return [
                ByHand(
                    "rnn = torch.nn.GRU(...)  # the same arguments, in place of torch.nn.RNN\n"
                    f"torch.nn.init.constant_(rnn.bias_ih_l0[units : 2 * units], {KEEP:g})  # units: hidden_size"
                )
            ]
        return [
            ByHand(
                f"self.gate = torch.nn.Linear({2 * loop.units}, {loop.units})  # in the model's constructor\n"
                f"torch.nn.init.constant_(self.gate.bias, {KEEP:g})\n"
                "z = torch.sigmoid(self.gate(torch.cat([state, a], -1)))  # a: what the activation reads\n"
                f"state = z * state + (1 - z) * torch.{loop.name}(a)"
            )
            for loop in self.loops
        ]


def _gated(cell: nn.Module) -> nn.Module:
    """A gated cell of the same sizes, whose update gate starts by keeping the state."""
    same: dict[str, Any] = {"bias": cell.bias}
    if isinstance(cell, nn.RNN):
        names = ("num_layers", "batch_first", "dropout", "bidirectional")
        same |= {name: getattr(cell, name) for name in names}
    fresh = GATED[type(cell)](cell.input_size, cell.hidden_size, **same)
    for name, parameter in fresh.named_parameters():
        if name.startswith("bias_ih"):  # of the gates r, z and n, in this order
            units = len(parameter) // 3
            nn.init.constant_(parameter[units : 2 * units], KEEP)
    return fresh
