"""Weights and optimizer states of one run, to go on from in the next: training longer than the program does.

May import: torch.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn


@dataclass
class Carry:
    """States by the order in which models and optimizers first appeared; empty for a fresh start."""

    models: list[dict[str, Any]] = field(default_factory=list)
    optimizers: list[dict[Any, Any]] = field(default_factory=list)

    def load(self, model: nn.Module, index: int) -> None:
        """Give a model what the model of this number had at the end."""
        if index < len(self.models):
            model.load_state_dict(self.models[index], strict=False)

    def load_optimizer(self, optimizer: torch.optim.Optimizer, index: int) -> None:
        """Give an optimizer its moments back; its options stay as the program sets them."""
        if index < len(self.optimizers):
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": self.optimizers[index], "param_groups": groups})


def carried(models: list[nn.Module], optimizers: list[torch.optim.Optimizer]) -> Carry:
    """The states at the end of a run."""
    return Carry(
        [copy.deepcopy(model.state_dict()) for model in models],
        [copy.deepcopy(optimizer.state_dict()["state"]) for optimizer in optimizers],
    )
