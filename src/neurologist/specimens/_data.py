"""Small data sets that specimens learn, drawn from fixed seeds."""

from __future__ import annotations

import torch


def classes(rows: int = 512, features: int = 20, kinds: int = 5, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of unit scale, shape (rows, features), and the class of each, shape (rows,), a linear map's argmax."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, features, generator=generator)
    return x, (x @ torch.randn(features, kinds, generator=generator)).argmax(1)


def numbers(rows: int = 512, features: int = 8, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of unit scale, shape (rows, features), and a smooth real target of unit scale, shape (rows, 1)."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, features, generator=generator)
    y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3]
    return x, (y - y.mean()) / y.std()
