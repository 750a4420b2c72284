"""torch.compile, the whole model."""

from __future__ import annotations

import torch
from torch import nn

from neurologist.selftest.net import fit, net

BITWISE = False  # a step that runs eagerly rounds otherwise than the compiled one; here both run eagerly


def train() -> nn.Module:
    """Compiled before it is examined, without generated code: that would need a C++ compiler."""
    model = net()
    fit(torch.compile(model, backend="eager"))  # type: ignore[arg-type]
    return model
