"""A loss in which rare classes count as much as common ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import ByHand, Edit
from neurologist.treat.edits.layers import Arguments
from neurologist.treat.edits.loss import loss_step
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

LAYERS = {"cross_entropy": "CrossEntropyLoss", "nll_loss": "NLLLoss"}
MOST = 10  # weights that are written out
YES_NO = {"binary_cross_entropy_with_logits": "BCEWithLogitsLoss"}


@dataclass(eq=False, repr=False)
class ClassWeights(Treatment):
    """Weights each example by how rare its class is, so that the common one does not drown the others' gradient."""

    option: str  # of the loss: "weight" or "pos_weight"
    weights: torch.Tensor

    slug = "class-weights"
    treats = ("class_imbalance",)

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """For losses that take weights, where every class occurs."""
        shares = seen.task.shares if seen.task is not None else None
        if shares is None or not bool((shares > 0).all()) or len(shares) < 2:
            return
        if seen.loss in LAYERS:
            yield cls("weight", 1 / (shares * len(shares)))
        elif seen.loss in YES_NO:
            yield cls("pos_weight", shares[:1] / shares[1:])

    @property
    def label(self) -> str:
        return f"loss with {self.option} {self._numbers}"

    @property
    def _numbers(self) -> str:
        shown = [f"{value:.3g}" for value in self.weights.tolist()]
        return f"[{', '.join(shown if len(shown) <= MOST else [*shown[:3], '...'])}]"

    def objective(self, objective: Objective) -> None:
        again, weights = objective.function, self.weights.to(objective.prediction)
        if again is None or objective.name not in (*LAYERS, *YES_NO) or objective.options.get(self.option) is not None:
            return
        options: dict[str, Any] = {k: v for k, v in objective.options.items() if k not in ("input", "target")}
        function = getattr(torch.nn.functional, objective.name)

        def weighted(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            value: torch.Tensor = function(prediction, target, **{**options, self.option: weights})
            return value

        objective.function, objective.touched = weighted, True

    def edits(self, seen: Seen) -> Iterable[Edit]:
        step = loss_step(seen)
        if len(self.weights) > MOST or step is None:
            return [ByHand(f"{self.option}=1 / (share * {len(self.weights)})  # of the loss; share of each class")]
        return [Arguments(step, {self.option: f"torch.tensor({self._numbers})"})]
