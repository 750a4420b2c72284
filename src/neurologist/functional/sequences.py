"""What a loss over sequences refuses: scores of (time, batch, classes), labels, and the lengths of both.

May import: `catalogue`; torch inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurologist.catalogue import Loss


def check_sequences(spec: Loss, values: Mapping[str, Any], options: Mapping[str, Any], look: bool | None) -> None:
    """Labels must be classes, and lengths within what was given; torch itself reads beyond the scores otherwise."""
    import torch

    subject = f"loss {spec.name!r}"
    scores, labels, *lengths = values.values()
    if scores.ndim not in (2, 3):
        raise ValueError(
            f"{subject} got scores of shape {tuple(scores.shape)}: expected (time, batch, classes), or (time, classes)"
        )
    if labels.is_floating_point() or labels.dtype is torch.bool:
        raise TypeError(f"{subject} got labels of {labels.dtype}: expected integers; use target.long()")
    blank, classes = options.get("blank", 0), scores.shape[-1]
    if not 0 <= blank < classes:
        raise IndexError(f"{subject} got blank={blank}: expected 0 to {classes - 1}; use the class that means nothing")
    steps, batch = scores.shape[0], scores.shape[1] if scores.ndim == 3 else 1
    longest = (steps, labels.shape[-1])
    for name, given, most in zip(("input_lengths", "target_lengths"), lengths, longest, strict=True):
        sizes = torch.as_tensor(given).reshape(-1)
        if len(sizes) != batch:
            raise ValueError(
                f"{subject} got {len(sizes)} {name} for a batch of {batch}: expected one per sequence; count them again"
            )
        if look is not False and sizes.device.type == "cpu" and len(sizes):
            _within(subject, name, sizes, 0, most)
    if look is not False and not torch.compiler.is_compiling():
        _check_labels(subject, labels, torch.as_tensor(lengths[1]), classes)


def _check_labels(subject: str, labels: Any, lengths: Any, classes: int) -> None:
    """Labels up to their lengths; what pads the rest is never read."""
    import torch

    if labels.device.type != "cpu" or lengths.device.type != "cpu":
        return
    if labels.ndim == 2:
        labels = labels[torch.arange(labels.shape[1]) < lengths.reshape(-1, 1)]
    if not labels.numel():
        return
    low, high = (int(end) for end in labels.aminmax())
    if low < 0 or high >= classes:
        wrong = high if high >= classes else low
        raise IndexError(
            f"{subject} got label {wrong}: expected 0 to {classes - 1} for scores of {classes} classes; check the "
            f"labels, or {f'give the network {wrong + 1} outputs' if wrong > 0 else 'target_lengths'}"
        )


def _within(subject: str, name: str, sizes: Any, low: int, high: int) -> None:
    least, most = (int(end) for end in sizes.aminmax())
    if least < low or most > high:
        got = most if most > high else least
        raise ValueError(f"{subject} got {name} of {got}: expected {low} to {high}, which was given; count them again")
