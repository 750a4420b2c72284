"""What a program is to learn, read from its targets, and how well a prediction does it.

The score is the same whatever loss an arm minimises: accuracy for classes, explained variance (R2) for numbers.
May import: torch, `catalogue`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite, log10
from typing import Literal

import torch

from neurologist import catalogue

Kind = Literal["classes", "one-hot", "labels", "numbers"]
FINEST = 1e-6  # shares of unexplained variance below this count as the same
COARSEST = 1e4
MOST = 0.9  # share of one class from which on accuracy says little: as in the rule on class imbalance


@dataclass(frozen=True)
class Task:
    """What the targets ask for.

    Attributes:
        kind: "classes" (indices), "one-hot", "labels" (0 or 1 each), or "numbers".
        classes: how many classes there are; 0 for numbers.
        variance: of the targets, per column.
        mean: of the targets, per column.
        threshold: above which a prediction counts as label 1.
        shares: of each class among the targets; None where there are no classes.
    """

    kind: Kind
    classes: int
    mean: torch.Tensor
    variance: torch.Tensor
    threshold: float = 0.5
    shares: torch.Tensor | None = None

    @property
    def measure(self) -> str:
        """Name of the score."""
        return "R2" if self.kind == "numbers" else "accuracy" if self.weights is None else "mean recall"

    @cached_property
    def weights(self) -> torch.Tensor | None:
        """What an answer counts by its class, so that all count alike together; None where each counts the same.

        Where nearly all targets are of one class, always to answer with it is right nearly always.
        """
        if self.shares is None or not MOST <= float(self.shares.max()) < 1:
            return None
        return torch.where(self.shares > 0, 1 / (self.shares * (self.shares > 0).sum()), torch.zeros(()))

    def score(self, prediction: torch.Tensor, target: torch.Tensor) -> float:
        """Accuracy, 0 to 1, or the mean squared error over the targets' variance.

        Where one class drowns the others, the mean of their recalls; exact over many batches, not in each.
        """
        prediction, target = prediction.detach(), target.detach()
        if not bool(torch.isfinite(prediction).all()):
            return inf if self.kind == "numbers" else 0.0
        if self.kind == "numbers":
            return self._unexplained(prediction, target)
        right, wanted = self._right(prediction, target)
        if self.weights is None:
            return float(right.float().mean())
        labelled = wanted >= 0  # below 0 stand labels that the loss leaves out
        weights = self.weights.to(right.device)[wanted[labelled].long().clamp_max(len(self.weights) - 1)]
        return float((right[labelled] * weights).sum() / wanted.numel())

    def recall(self, pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
        """Mean over the classes of the share of their examples that are recognised; 0 for numbers."""
        if self.kind == "numbers" or not pairs:
            return 0.0
        found = [self._right(prediction.detach(), target.detach()) for prediction, target in pairs]
        right, wanted = (torch.cat([part.reshape(-1) for part in parts]) for parts in zip(*found, strict=True))
        return float(torch.stack([right[wanted == value].float().mean() for value in wanted.unique()]).mean())

    def _right(self, prediction: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Which answers are right, and what was wanted."""
        if self.kind == "labels":
            return _alike((prediction > self.threshold).to(target.dtype), target) == target, target
        wanted = target.argmax(1) if self.kind == "one-hot" else target
        wanted = wanted.squeeze(1) if wanted.dim() > 1 and wanted.shape[1] == 1 else wanted
        if prediction.dim() < 2 or prediction.shape[1] < 2:
            return prediction.reshape(wanted.shape).round() == wanted, wanted
        return prediction.argmax(1) == wanted, wanted

    def _unexplained(self, prediction: torch.Tensor, target: torch.Tensor) -> float:
        error = (_alike(prediction, target) - target).float().pow(2).mean()
        return float(error / self.variance.mean().clamp_min(1e-12))

    def worth(self, scores: list[float]) -> float:
        """One number from the scores of several batches, higher is better: accuracy, or decades of error removed."""
        if not scores:
            return -inf
        mean = sum(scores) / len(scores)
        if self.kind != "numbers":
            return mean
        return -log10(min(max(mean, FINEST), COARSEST)) if isfinite(mean) else -log10(COARSEST)

    def value(self, worth: float) -> float:
        """A worth as the measure that people know: accuracy, or R2."""
        if self.kind != "numbers":
            return max(worth, 0.0)
        return 1 - 10**-worth if worth >= -log10(COARSEST) else -inf


def _alike(tensor: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Without the singleton dimension that would make comparing broadcast."""
    return tensor.reshape(other.shape) if tensor.numel() == other.numel() else tensor


def task_of(targets: list[torch.Tensor], predictions: list[torch.Tensor], loss: str | None) -> Task:
    """The task behind the targets of some steps.

    Args:
        targets: one tensor per step.
        predictions: likewise.
        loss: name of the torch loss function, or None.
    """
    known = catalogue.loss_by_function(loss) if loss else None
    logits = known is not None and known.expects == "logits"
    outcomes = known is not None and known.target_kind in ("probability", "class_index")
    rows = torch.cat([t.detach().reshape(len(t), -1) if t.dim() else t.detach().reshape(1, 1) for t in targets])
    numbers = rows.float()
    mean, variance = numbers.mean(0), numbers.var(0, unbiased=False)
    columns, wide = rows.shape[1], predictions[0].dim() > 1 and predictions[0].shape[1] > 1
    if not rows.is_floating_point() and (columns == 1 or targets[0].dim() != predictions[0].dim()):
        return Task("classes", int(rows.max()) + 1, mean, variance, shares=_shares(rows))
    if bool(((numbers == 0) | (numbers == 1)).all()):
        one_hot = columns > 1 and wide and bool((numbers.sum(1) == 1).all())
        shares = mean if one_hot else _shares(rows) if columns == 1 else None
        threshold = 0.0 if logits else 0.5
        return Task("one-hot" if one_hot else "labels", columns, mean, variance, threshold, shares)
    if outcomes and columns == 1 and bool((numbers == numbers.round()).all()) and float(numbers.min()) >= 0:
        return Task("classes", int(numbers.max()) + 1, mean, variance, shares=_shares(rows))  # numbers of classes
    return Task("numbers", 0, mean, variance)


def _shares(labels: torch.Tensor) -> torch.Tensor:
    """How often each class occurs among labels from 0 on."""
    counts = torch.bincount(labels[labels >= 0].long())
    return counts / counts.sum().clamp_min(1)
