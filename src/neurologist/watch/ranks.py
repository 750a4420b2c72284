"""A run over several processes: which one this is, and where its record goes.

Every process is examined by itself and writes a record of its own: a process that dies takes nothing with it, and no
examination waits for another. What they tell each other is in `peers`.
May import: torch, only where it is loaded already.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple


class Rank(NamedTuple):
    """This process's number, from 0, and how many there are."""

    number: int
    world: int


def here() -> Rank:
    """By the process group where one stands, else by what launchers set: RANK and WORLD_SIZE."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return Rank(distributed.get_rank(), distributed.get_world_size())
    try:
        return Rank(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))
    except ValueError:
        return Rank(0, 1)


def own(record: str | Path | None, rank: Rank) -> Path | None:
    """The file for this process: run.nlr for the first, run.rank1.nlr and so on for the others."""
    if record is None:
        return None
    path = Path(record)
    return path if rank.number == 0 else path.with_name(f"{path.stem}.rank{rank.number}{path.suffix}")
