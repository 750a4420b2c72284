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


def tags(rows: int = 512, features: int = 20, kinds: int = 6, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of unit scale, shape (rows, features), and 0 or 1 for each tag, shape (rows, kinds): none, some or all."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, features, generator=generator)
    return x, (x @ torch.randn(features, kinds, generator=generator) > 0).float()


def xor(rows: int = 512, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Points around the four corners (+-1, +-1), shape (rows, 2), and 1 where their signs differ, shape (rows, 1)."""
    generator = torch.Generator().manual_seed(seed)
    corners = 2.0 * torch.randint(0, 2, (rows, 2), generator=generator) - 1
    x = corners + 0.25 * torch.randn(rows, 2, generator=generator)
    return x, (corners[:, :1] != corners[:, 1:]).float()


def blobs(rows: int = 512, features: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Two clouds far apart, shape (rows, features), and which of them each point is of, shape (rows, 1)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 2, (rows, 1), generator=generator).float()
    return 2 * y - 1 + 0.4 * torch.randn(rows, features, generator=generator), y


def stripes(rows: int = 384, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy images of a bar, shape (rows, 1, 8, 8), and its direction, 0 to 3, shape (rows,)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 4, (rows,), generator=generator)
    shift = torch.randint(2, 6, (rows,), generator=generator)
    row, column = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    lines = torch.stack([row, column, (row + column) // 2, (row - column + 8) // 2])
    bars = (lines[labels] == shift[:, None, None]).float()
    return bars.unsqueeze(1) + 0.2 * torch.randn(rows, 1, 8, 8, generator=generator), labels
