"""Weights in bfloat16."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.selftest.net import batch, fit, net


def loss(model: nn.Module) -> torch.Tensor:
    """The loss in float32 on scores in bfloat16."""
    x, y = batch()
    return F.cross_entropy(model(x.bfloat16()).float(), y)


def train() -> nn.Module:
    """Small updates are rounded away: that is seen too."""
    return fit(net().bfloat16(), loss=loss)
