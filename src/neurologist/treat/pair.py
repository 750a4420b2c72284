"""What one loss compares while a batch is learnt by heart, and how far it is from knowing it.

May import: torch, `catalogue`, `treat.objective`, `treat.task`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, log
from typing import Any, Literal

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from neurologist import catalogue
from neurologist.treat.objective import Objective
from neurologist.treat.task import Kind, Task, task_of

LEFT = {"numbers": 0.01}  # share of the variance that may stay unexplained, and of the loss's fall that may be missing:
NEAR = 0.1  # for classes, which are all right long before the loss is at its floor
SURE = 1e-6  # probability left to what is wrong, in an ideal answer
SQUARED = frozenset({"mse", "l1", "huber", "smooth_l1"})  # losses of numbers that are 0 where both are equal
Said = Literal["accuracy", "R2"]


@dataclass(frozen=True)
class Pair:
    """A prediction, what it should be, and the loss of both.

    Attributes:
        prediction, target: as the loss compares them.
        loss: its value; None where it is not known apart from the rest.
        objective: the call of a torch loss; None for a loss of the user's own.
        rows: examples in the batch, as the model takes it; None where that is not known.
        reduced: the loss is one number; else the program may weigh or leave out what it likes.
    """

    prediction: torch.Tensor
    target: torch.Tensor
    loss: float | None = None
    objective: Objective | None = None
    rows: int | None = None
    reduced: bool = True

    def answered(self, prediction: torch.Tensor) -> Pair:
        """The same with another prediction."""
        made = None
        if self.objective is not None and self.objective.function is not None:
            made = self.objective.function(prediction, self.target)
        return replace(self, prediction=prediction, loss=None if made is None else float(made.mean()))


def rows_of(values: Any) -> int | None:
    """Size of the first dimension of the first tensor among a model's inputs; None without one."""
    first = next((leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor) and leaf.dim()), None)
    return None if first is None else len(first)


class Aim:
    """What there is to know of a batch, from the first pair: the kind of answer, the loss of guessing, the floor.

    Attributes:
        task: the kind of the targets.
        dense: one example has many targets, some of which its past may not tell.
        examples: rows of the batch. rows: of the targets.
    """

    def __init__(self, first: Pair) -> None:
        name = first.objective.name if first.objective is not None else None
        self.spec = catalogue.loss_by_function(name) if name else None
        self.task: Task = task_of([first.target], [first.prediction], name)
        rows = first.rows if first.rows is not None else len(first.target) if first.target.dim() else 1
        self.examples, self.rows = rows, len(first.target) if first.target.dim() else 1
        self.dense = self.task.kind == "classes" and first.target.numel() > rows
        self._first, self._kept = first, self._counted(first)

    def fits(self, pair: Pair) -> bool:
        """True where a pair is of this batch, by its shapes."""
        first = self._first
        return (pair.prediction.shape, pair.target.shape) == (first.prediction.shape, first.target.shape)

    @property
    def known(self) -> bool:
        """True where the kind of answer says what is right."""
        kind: Kind = self.task.kind
        if kind != "numbers":
            return True
        return self.spec is None or (self.spec.name in SQUARED and bool(self.task.variance.mean() > 0))

    @property
    def measure(self) -> Said:
        """Name of the score."""
        return "R2" if self.task.kind == "numbers" else "accuracy"

    def score(self, pair: Pair) -> float:
        """Accuracy, or R2."""
        if self.task.kind == "numbers":
            return 1 - self.task.score(pair.prediction, pair.target)
        if self._kept is None or not bool(torch.isfinite(pair.prediction).all()):
            return self.task.score(pair.prediction, pair.target)
        right = pair.prediction.detach().argmax(1) == pair.target
        return float(right[self._kept].float().mean())

    def gap(self, pair: Pair) -> float:
        """How far the batch is from being known: 1 at the start or for a guess, 0 at best."""
        if self.task.kind == "numbers":
            return 1 - self.score(pair)
        if pair.loss is None or self.start is None:
            return 1 - self.score(pair)
        if not isfinite(pair.loss):
            return inf
        return max(0.0, (pair.loss - self.floor) / max(self.start - self.floor, 1e-12))

    @property
    def goal(self) -> float:
        """The gap at which a batch counts as known."""
        return LEFT.get(self.task.kind, NEAR)

    @cached_property
    def start(self) -> float | None:
        """The loss from which to fall: of guessing, where that is known and lower than the first."""
        if self._first.loss is None:
            return None
        outputs = self._first.prediction.shape[1] if self._first.prediction.dim() > 1 else 1
        chance = (
            {"softmax": log(max(outputs, 2)), "sigmoid": log(2)}.get(self.spec.applies or "", inf) if self.spec else inf
        )
        means = self._first.objective is None or self._first.objective.options.get("reduction", "mean") == "mean"
        first = self._first.loss if isfinite(self._first.loss) else inf
        return min(first, chance) if means else first

    @cached_property
    def floor(self) -> float:
        """The least loss that an answer can have, where an ideal one is known; else 0."""
        objective = self._first.objective
        ideal = self._ideal() if objective is not None else None
        if ideal is None or objective is None or objective.function is None:
            return 0.0
        try:
            least = float(objective.function(ideal, self._first.target).mean())
        except Exception:  # options that an ideal answer does not fit
            return 0.0
        return least if isfinite(least) and least < (self.start or inf) else 0.0

    def _ideal(self) -> torch.Tensor | None:
        target, objective = self._first.target, self._first.objective
        if self.spec is None or objective is None:
            return None
        if self.spec.applies == "sigmoid":
            return torch.logit(target.to(self._first.prediction.dtype), eps=SURE)
        if self.spec.applies == "softmax" and self.task.kind == "classes":
            shape = self._first.prediction.shape
            share = nn.functional.one_hot(target.clamp(0, shape[1] - 1), shape[1]).movedim(-1, 1).float()
            smooth = float(objective.options.get("label_smoothing", 0.0))
            return (share * (1 - smooth) + smooth / shape[1]).clamp_min(SURE).log()
        if target.is_floating_point() and target.shape == self._first.prediction.shape:
            return target.clamp_min(SURE).log() if self.spec.applies == "softmax" else target
        return None

    def _counted(self, first: Pair) -> torch.Tensor | None:
        """Which targets count, where a loss for classes leaves some out."""
        if self.task.kind != "classes" or first.prediction.dim() != first.target.dim() + 1:
            return None
        left_out = first.objective.options.get("ignore_index", -100) if first.objective is not None else -100
        return first.target != left_out
