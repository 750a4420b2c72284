"""Adam in place of the program's optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from neurologist.diagnose import Finding
from neurologist.treat.edit import Edit
from neurologist.treat.edits.loop import Option
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment

RATES = (0.001, 0.01)


@dataclass(eq=False, repr=False)
class Adam(Treatment):
    """Lets Adam take the steps: it sets the size of each by the gradients seen, so that their scale matters little."""

    lr: float
    _own: dict[int, torch.optim.Adam] = field(default_factory=dict, repr=False)
    _old: list[dict[Any, Any]] = field(default_factory=list, repr=False)
    _hidden: list[tuple[torch.Tensor, torch.Tensor | None]] = field(default_factory=list, repr=False)
    _first: dict[int, float] = field(default_factory=dict, repr=False)

    slug = "adam"
    supersedes = ("learning-rate",)
    treats = (
        "lr_too_low", "lr_too_high", "wrong_optimizer", "too_few_epochs", "exploding_gradient", "vanishing_gradient",
        "wrong_loss_reduction", "unscaled_input", "missing_hidden_activation",
    )  # fmt: skip

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """At Adam's usual rate and ten times it."""
        yield from map(cls, RATES)

    @property
    def label(self) -> str:
        return f"Adam, learning rate {self.lr:g}"

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        own = self._own.get(id(optimizer))
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        if own is None:
            own = self._own[id(optimizer)] = torch.optim.Adam(parameters, lr=self.lr)
            if len(self._own) <= len(self._old):
                groups = own.state_dict()["param_groups"]
                own.load_state_dict({"state": self._old[len(self._own) - 1], "param_groups": groups})
        first = self._first.setdefault(id(optimizer), optimizer.param_groups[0]["lr"])
        for group in own.param_groups:  # a schedule keeps its shape
            group["lr"] = self.lr * (optimizer.param_groups[0]["lr"] / first if first else 1.0)
        step = type(own).step.__wrapped__  # type: ignore[attr-defined]  # without the hooks that tell of a step
        step(own)
        self._hidden = [(p, p.grad) for p in parameters]
        for parameter in parameters:
            parameter.grad = None

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        for parameter, gradient in self._hidden:
            parameter.grad = gradient
        self._hidden = []

    def again(self) -> None:
        self._old, self._own = [own.state_dict()["state"] for own in self._own.values()], {}
        self._first = {}

    def edits(self, seen: Seen) -> Iterable[Edit]:
        return [Option(name, {"lr": f"{self.lr:g}"}, rename="Adam") for name in dict.fromkeys(seen.optimizers)]
