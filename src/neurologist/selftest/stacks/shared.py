"""A module that is used twice."""

from __future__ import annotations

from torch import nn

from neurologist.selftest.net import fit, net


def train() -> nn.Module:
    """Its parameters get the sum of two gradients; its outputs are two ops of the tape."""
    model = net()
    model.blocks[1] = model.blocks[0]
    return fit(model)
