"""Large tensors piece by piece, so that what a formula makes on its way stays in the processor's cache.

A formula of ten operations passes ten times over its tensor; memory, not arithmetic, then sets the time.
May import: torch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

BLOCK = 131_072  # entries per thread and block; of 16k to 128k the fastest on two cores with 32 MB of last-level cache


def in_blocks(run: Callable[..., Any], *values: Any) -> Tensor | None:
    """The result of an entry by entry `run`, with the first value's shape and dtype; None where it cannot be split."""
    like = values[0]
    if torch.compiler.is_compiling() or not _splits(like):
        return None
    order = sorted(range(like.ndim), key=like.stride, reverse=True)
    flat = [_flat(value, like, order) for value in values]
    result = torch.empty_like(like)
    out = _flat(result, like, order)
    if out is None or any(piece is None for piece in flat):
        return None
    _keep_pages()
    block = BLOCK * torch.get_num_threads()
    for start in range(0, like.numel(), block):
        part = slice(start, start + block)
        out[part] = run(*[piece[part] if isinstance(piece, Tensor) and piece.ndim else piece for piece in flat])
    return result


@cache
def _keep_pages() -> None:
    """Let glibc's malloc keep what blocks free, which it does up to twice the size of the largest piece ever freed.

    It would otherwise return the pages to the system after every operation and fetch them anew: three times slower.
    """
    torch.empty(1 << 24, dtype=torch.uint8)


def _splits(like: Tensor) -> bool:
    plain = type(like) in (Tensor, torch.nn.Parameter) and not torch._C._functorch.is_functorch_wrapped_tensor(like)
    large: bool = like.numel() > 2 * BLOCK * torch.get_num_threads()
    return plain and large and like.device.type == "cpu" and like.layout is torch.strided


def _flat(value: Any, like: Tensor, order: list[int]) -> Any:
    """A view in one dim, in the order of memory; None where there is none, a number or a single entry as it is."""
    if not isinstance(value, Tensor):
        return value
    if value.numel() == 1:
        return value.detach().reshape(())
    if value.shape != like.shape or value.stride() != like.stride():
        return None
    laid = value.detach().permute(order)
    return laid.view(-1) if laid.is_contiguous() else None
