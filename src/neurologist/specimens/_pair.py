"""Two processes that train together, for specimens of what goes wrong between them.

`together` runs a function of a specimen here as rank 0, and in a process of its own, watched too, as rank 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

PATIENCE = timedelta(seconds=120)  # for the other process, which imports torch first


def together(train: Callable[[], None]) -> None:
    """Run a module's function as each of two processes; an error of rank 1 is its own."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # type: ignore[attr-defined]
    command = [sys.executable, "-m", __name__, train.__module__, train.__qualname__, str(store.port)]
    seen = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=seen, stderr=subprocess.DEVNULL) as other:
        try:
            _train(train, store, 0)
        finally:
            other.wait(PATIENCE.total_seconds())


def _train(train: Callable[[], None], store: Any, rank: int) -> None:
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2, timeout=PATIENCE)
    try:
        train()
    finally:
        dist.destroy_process_group()


def fit(model: nn.Module, batches: list[tuple[Tensor, Tensor]]) -> None:
    """Train a classifier; the processes add their losses up at each step, as for a log."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for x, y in batches:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        dist.all_reduce(loss.detach())


def _other(module: str, name: str, port: str) -> None:
    from neurologist.watch.session import watch

    with watch():
        store = dist.TCPStore("127.0.0.1", int(port), is_master=False)  # type: ignore[attr-defined]
        _train(getattr(import_module(module), name), store, 1)


if __name__ == "__main__":
    _other(*sys.argv[1:])
