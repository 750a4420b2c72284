"""torch.compile, block by block."""

from __future__ import annotations

from torch import nn

from neurologist.selftest.net import fit, net

BITWISE = False  # as for `compiled`


def train() -> nn.Module:
    """Each block is compiled by itself, in place."""
    model = net()
    for block in model.blocks:
        block.compile(backend="eager")
    return fit(model)
