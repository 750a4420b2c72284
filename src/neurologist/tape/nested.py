"""Nested tensors, of either layout: sequences of different lengths in one tensor, read as all their places in a row.

Few functions take such a tensor, and it has no shape: autograd tells none of it. What is measured of a layer does not
ask to which sequence a place belongs. May import: torch.
"""

from __future__ import annotations

import torch


def entries(tensor: torch.Tensor) -> torch.Tensor:
    """All entries of a nested tensor, as its `places` where it has them; any other tensor as it is."""
    if not tensor.is_nested:
        return tensor
    found = places(tensor)
    return torch.cat([part.flatten() for part in tensor.unbind()]) if found is None else found


def places(tensor: torch.Tensor) -> torch.Tensor | None:
    """A nested tensor as (places of all sequences, ..., features); None where its sequences differ in their features.

    Of one that is packed without gaps, this is a view.
    """
    if tensor.layout is torch.jagged and tensor.lengths() is None:  # type: ignore[attr-defined]
        ragged = next(dim for dim, size in enumerate(tensor.shape) if _is_symbolic(size))
        packed = tensor.values().movedim(ragged - 1, 0)
        return packed if packed.dim() > 1 else packed.unsqueeze(-1)
    parts = [part if part.dim() > 1 else part.unsqueeze(-1) for part in tensor.unbind()]
    if len({part.shape[-1] for part in parts}) != 1:
        return None
    return torch.cat([part.reshape(-1, part.shape[-1]) for part in parts])


def _is_symbolic(size: object) -> bool:
    return isinstance(size, torch.SymInt)


def shape_of(tensor: torch.Tensor) -> tuple[int, ...]:
    """A tensor's shape; () for a nested one."""
    return () if tensor.is_nested else tuple(tensor.shape)
