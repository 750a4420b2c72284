"""torch.autocast to bfloat16."""

from __future__ import annotations

import torch
from torch import nn

from neurologist.selftest.net import fit, loss_of, net


def loss(model: nn.Module) -> torch.Tensor:
    """The loss under autocast."""
    with torch.autocast("cpu", torch.bfloat16):
        return loss_of(model)


def train() -> nn.Module:
    """Products in bfloat16, weights in float32."""
    return fit(net(), loss=loss)
