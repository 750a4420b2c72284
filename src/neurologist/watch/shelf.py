"""Copies of tensors that do not take a model's memory twice: large ones lie in a temporary file.

May import: torch.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from io import BufferedRandom
from typing import Any

import torch

LARGE = 2**20  # bytes from which a copy goes to the file
SHARE = 0.25  # of what is free where temporary files go; a copy beyond that stays in memory

Refill = Callable[[], None]


class Shelf:
    """Keeps the entries of tensors; the file has no name and is gone with the shelf."""

    def __init__(self) -> None:
        self._file: BufferedRandom | None = None
        self._room = 0

    def keep(self, tensor: torch.Tensor) -> Refill:
        """A function that puts a tensor's entries of now back into its storage of now."""
        storage = tensor.detach()
        if storage.numel() * storage.element_size() >= LARGE and plain(storage):
            try:
                return self._write(storage)
            except OSError:  # no room after all
                self._room = 0
        entries = storage.clone()

        def refill() -> None:
            storage.copy_(entries)

        return refill

    def _write(self, storage: torch.Tensor) -> Refill:
        """Raises OSError where there is no room."""
        file, entries = self._open(), _bytes(storage)
        if entries.nbytes > self._room:
            raise OSError
        self._room -= entries.nbytes
        start = file.seek(0, 2)
        file.write(entries)

        def refill() -> None:
            file, entries = self._open(), _bytes(storage)
            file.seek(start)
            if file.readinto(entries) != entries.nbytes:
                raise OSError(f"a temporary file in {tempfile.gettempdir()!r} has lost what was kept in it")

        return refill

    def _open(self) -> BufferedRandom:
        if self._file is None:
            self._room = int(shutil.disk_usage(tempfile.gettempdir()).free * SHARE)
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the shelf
            weakref.finalize(self, self._file.close)
        return self._file


def _bytes(tensor: torch.Tensor) -> memoryview:
    entries: Any = tensor.reshape(-1).view(torch.uint8).numpy()
    return memoryview(entries)


def plain(tensor: torch.Tensor) -> bool:
    """True for a tensor whose entries are what its memory holds, in order."""
    whole = tensor.layout is torch.strided and tensor.device.type == "cpu" and tensor.is_contiguous()
    return whole and type(tensor) is torch.Tensor and not (tensor.is_quantized or tensor.is_conj() or tensor.is_neg())
