"""Nested tensors, jagged, and attention within each sequence."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.selftest.net import batch, fit, net

LENGTHS = (3, 17, 1, 30, 13)
HEADS = 4


def attend(x: torch.Tensor) -> torch.Tensor:
    """Each place reads the places of its own sequence."""
    heads = x.unflatten(-1, (HEADS, -1)).transpose(1, 2)
    return F.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2).flatten(-2)


def loss_of(model: nn.Module) -> torch.Tensor:
    """Cross-entropy over the places of all sequences."""
    x, y = batch()
    sequences = torch.nested.nested_tensor(list(x.split(LENGTHS)), layout=torch.jagged)
    return F.cross_entropy(model(sequences).values(), y)


def train() -> nn.Module:
    """Rows of the batch are the places of sequences of different lengths."""
    with warnings.catch_warnings():  # attention on the CPU is computed in the older layout, and warns of it
        warnings.filterwarnings("ignore", "The PyTorch API of nested tensors")
        return fit(net(lambda block, x: block(attend(x))), loss=loss_of)
