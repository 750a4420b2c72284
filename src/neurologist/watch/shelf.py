"""Copies of tensors that do not take a model's memory twice: large ones lie in a temporary file.

May import: torch.
"""

from __future__ import annotations

import ctypes
import shutil
import tempfile
import weakref
from collections.abc import Callable
from io import BufferedRandom
from typing import Any

import torch

LARGE = 2**20  # bytes from which a copy goes to the file
SHARE = 0.25  # of what is free where temporary files go; a copy beyond that stays in memory

USES = getattr(torch._C, "_storage_Use_Count", None)  # how many share a tensor's memory

Refill = Callable[[], None]


class Shelf:
    """Keeps the entries of tensors; the file has no name and is gone with the shelf."""

    def __init__(self) -> None:
        self._file: BufferedRandom | None = None
        self._room = 0

    def keep(self, tensor: torch.Tensor) -> Refill:
        """A function that puts a tensor's entries of now back into its storage of now."""
        storage = tensor.detach()
        fill = self._copy(storage)
        return lambda: fill(storage)

    def away(self, tensor: torch.Tensor) -> tuple[Refill, Refill]:
        """Like `keep` for a tensor that is `alone`, with a function before it that frees its memory until then."""
        fill, memory = self._copy(tensor.detach()), (tensor.shape, tensor.stride())

        def free() -> None:
            tensor.data = tensor.new_empty(0)

        def refill() -> None:
            if tensor.shape != memory[0]:
                tensor.data = torch.empty_strided(*memory, dtype=tensor.dtype, device=tensor.device)
            fill(tensor.detach())

        return free, refill

    def _copy(self, storage: torch.Tensor) -> Callable[[torch.Tensor], Any]:
        """A function that fills a tensor of the same form with the entries of now."""
        if storage.numel() * storage.element_size() >= LARGE and plain(storage):
            try:
                return self._write(storage)
            except OSError:  # no room after all
                self._room = 0
        entries = storage.clone()
        return lambda to: to.copy_(entries)

    def _write(self, storage: torch.Tensor) -> Callable[[torch.Tensor], None]:
        """Raises OSError where there is no room."""
        file, entries = self._open(), _bytes(storage)
        if entries.nbytes > self._room:
            raise OSError
        self._room -= entries.nbytes
        start = file.seek(0, 2)
        file.write(entries)

        def fill(to: torch.Tensor) -> None:
            file, entries = self._open(), _bytes(to)
            file.seek(start)
            if file.readinto(entries) != entries.nbytes:
                raise OSError(f"a temporary file in {tempfile.gettempdir()!r} has lost what was kept in it")

        return fill

    def _open(self) -> BufferedRandom:
        if self._file is None:
            self._room = int(shutil.disk_usage(tempfile.gettempdir()).free * SHARE)
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the shelf
            weakref.finalize(self, self._file.close)
        return self._file


def _bytes(tensor: torch.Tensor) -> memoryview:
    """Its memory; not through NumPy, which would forbid for good to resize it, as sharded training does."""
    count = tensor.numel() * tensor.element_size()
    return memoryview((ctypes.c_ubyte * count).from_address(tensor.data_ptr() if count else 0)).cast("B")


def plain(tensor: torch.Tensor) -> bool:
    """True for a tensor whose entries are what its memory holds, in order."""
    return tensor.device.type == "cpu" and _ordered(tensor)


def alone(tensor: torch.Tensor) -> bool:
    """True for a plain tensor, on any device, whose memory no other tensor, array or graph can see."""
    if USES is None or not _ordered(tensor) or tensor.requires_grad:
        return False
    memory, other = tensor.untyped_storage(), torch.empty(1)
    usual = other.untyped_storage()  # of a tensor that is certainly alone
    whole = memory.nbytes() == tensor.numel() * tensor.element_size() and memory.resizable()
    elsewhere = tensor.device.type == "cpu" and memory.is_shared()  # by another process
    return whole and not elsewhere and USES(memory._cdata) == USES(usual._cdata)


def _ordered(tensor: torch.Tensor) -> bool:
    whole = tensor.layout is torch.strided and type(tensor) is torch.Tensor and tensor.is_contiguous()
    return whole and not (tensor.is_quantized or tensor.is_conj() or tensor.is_neg())
