"""Parameters of which each process holds a part, as FSDP and tensor parallelism make them: `DTensor`.

Whatever is computed on one as a whole talks to the other processes. An examination must not: it reads the part that
is here. May import: torch, `tape.nested`.
"""

from __future__ import annotations

import math

import torch

from neurologist.tape import nested


def is_shard(tensor: torch.Tensor) -> bool:
    """Whether this process holds only its part of a tensor. `DTensor` is not imported: that takes seconds."""
    return type(tensor) not in (torch.Tensor, torch.nn.Parameter) and hasattr(tensor, "to_local")


def is_term(tensor: torch.Tensor) -> bool:
    """Whether this process holds one term of a sum over processes, of which no number can be told without them."""
    return is_shard(tensor) and any(place.is_partial() for place in getattr(tensor, "placements", ()))


def local(tensor: torch.Tensor) -> torch.Tensor:
    """The part that is here; the tensor itself where that is all of it, and of a nested one its entries.

    Raises:
        RuntimeError: its memory was given back; to read it would end the process. Or it is a sum over processes.
    """
    if is_term(tensor):
        raise RuntimeError("each process holds one term of it, and none the sum")
    here: torch.Tensor = tensor.to_local() if is_shard(tensor) else tensor  # type: ignore[attr-defined]
    if not in_memory(here):
        raise RuntimeError(f"a tensor of shape {tuple(here.shape)} has no memory: it was gathered and given back")
    return nested.entries(here)


def copies(tensor: torch.Tensor, world: int) -> int:
    """How many of `world` processes hold the same entries of a parameter: all, of one that is not split."""
    if not is_shard(tensor):
        return world
    mesh, placements = tensor.device_mesh, tensor.placements  # type: ignore[attr-defined]
    alike: list[int] = [mesh.size(dim) for dim, placed in enumerate(placements) if placed.is_replicate()]
    meshes: int = world // mesh.size()  # each row of a grid holds them
    return math.prod(alike) * meshes


def in_memory(tensor: torch.Tensor) -> bool:
    """False for a tensor whose memory was given back: sharded training does so with weights that were gathered."""
    return tensor.layout is not torch.strided or not tensor.numel() or tensor.untyped_storage().nbytes() > 0
