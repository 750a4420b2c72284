"""Which tensor of a program holds all its training inputs: told by its columns' mean and deviation.

May import: torch, `treat.call`, `treat.seen`.
"""

from __future__ import annotations

from types import FrameType
from typing import Any, NamedTuple

import torch

from neurologist.treat.call import tensors
from neurologist.treat.seen import Moments

LARGEST = 50_000_000  # entries of a tensor that is looked at
CLOSE = 0.02  # deviations between the means; a last batch that is dropped moves them a little


class Rows(NamedTuple):
    """A tensor in reach that may be the training inputs."""

    function: tuple[str, int]
    name: str
    moments: Moments


def candidates(frames: list[FrameType], args: tuple[Any, ...]) -> list[Rows]:
    """Tensors with a name whose rows are like the model's first input."""
    given = next((t for t in tensors(args) if t.is_floating_point() and t.dim() > 1), None)
    found: list[Rows] = []
    if given is None:
        return found
    for frame in frames:
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, torch.Tensor) and value.is_floating_point() and _more_of(value, given):
                moments = Moments()
                moments.add(value)
                found.append(Rows((frame.f_code.co_filename, frame.f_code.co_firstlineno), name, moments))
    return found


def _more_of(value: torch.Tensor, given: torch.Tensor) -> bool:
    alike = value.dim() == given.dim() and value.shape[1:] == given.shape[1:]
    return alike and len(value) > len(given) and value.numel() <= LARGEST


def alike(rows: list[Rows], seen: Moments) -> dict[tuple[str, int], str]:
    """Those that agree with what the model got, where one of a function does."""
    found: dict[tuple[str, int], list[str]] = {}
    for candidate in rows if seen.count > 1 else ():
        mean, std = candidate.moments.mean, candidate.moments.std
        if mean.shape != seen.mean.shape:
            continue
        same = (mean - seen.mean).abs() <= CLOSE * seen.std
        if bool(same.all()) and bool(((std / seen.std).log().abs() <= CLOSE).all()):
            found.setdefault(candidate.function, []).append(candidate.name)
    return {function: names[0] for function, names in found.items() if len(names) == 1}
