"""Changes of the training loop and what it uses: the optimizer, its steps, the model when it is ready, the length.

May import: `treat.edit`, `treat.seen`; libcst and the neighbours inside functions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch

from neurologist.treat.edit import Edit

if TYPE_CHECKING:
    from neurologist.treat.edits.sources import Sources
    from neurologist.treat.places import Where
    from neurologist.treat.seen import Seen

MODEL = "model"


@dataclass(frozen=True)
class Option(Edit):
    """Keyword arguments of the optimizer get other values.

    Attributes:
        callee: name of its class.
        values: keyword -> code; "{}" in it stands for the code that is there. None takes the keyword out.
        rename: another class, or None; it keeps the first argument and `values` only.
        position: keyword -> where it stands when it is given without its name.
    """

    callee: str
    values: dict[str, str | None] = field(default_factory=dict)
    rename: str | None = None
    position: dict[str, int] = field(default_factory=dict)

    @property
    def by_hand(self) -> str:
        given = ", ".join(f"{name}={code}" for name, code in self.values.items() if code is not None)
        gone = " and ".join(name for name, code in self.values.items() if code is None)
        made = f"torch.optim.{self.rename or self.callee}(model.parameters(), {given})"
        return made.replace("{}", "lr") if given else f"torch.optim.{self.callee} without {gone}"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import anchors, optimizers

        source, node = anchors.optimizer(sources, self.callee)
        if self.rename is not None:
            optimizers.another(source, node, self.rename, self.values)
        else:
            optimizers.options(sources, source, node, self.values, self.position)


def default(callee: str, keyword: str) -> Any:
    """What an optimizer of torch takes where a keyword is not given."""
    found = signature(getattr(torch.optim, callee, object)).parameters.get(keyword)
    return found.default if found is not None and found.default is not found.empty else None


@dataclass(frozen=True)
class AtSteps(Edit):
    """A statement before or behind the line that lets the optimizer step.

    Attributes:
        code: the statement; "{model}" and "{optimizer}" stand for their names there.
        before: the line; else behind it.
    """

    code: str
    before: bool

    @property
    def by_hand(self) -> str:
        code = self.code.format(model=MODEL, optimizer="optimizer")
        return f"{code}  # {'before' if self.before else 'behind'} optimizer.step()"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import anchors
        from neurologist.treat.edits.imported import imported

        place = anchors.stepping(sources)
        if "{model}" in self.code and "model" not in place.names:
            sources.doubt("the model has no name at the optimizer's step")
        code = self.code.format(**{"model": MODEL, **place.names})
        place._replace(before=self.before).put(imported(place.source, code))


@dataclass(frozen=True)
class OnceReady(Edit):
    """Statements behind those that make the model.

    Attributes:
        code: the statements; "{model}" stands for its name there.
    """

    code: str

    @property
    def by_hand(self) -> str:
        return self.code.replace("{model}", MODEL)

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import anchors
        from neurologist.treat.edits.imported import imported

        place = anchors.ready(sources)
        if re.search(r"\[\d+\]", self.code):
            sources.rows("numbered")
        place.put(imported(place.source, self.code.replace("{model}", place.names["model"])))


@dataclass(frozen=True)
class ByGain(OnceReady):
    """The weights suit the activations behind the layers, also those that another change puts there."""

    late = True

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits.initial import by_gain

        OnceReady(by_gain(sources.seen, sources.followed) or self.code).write(sources)


@dataclass(frozen=True)
class Anew(OnceReady):
    """The weights are as torch draws them."""

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import weights

        weights.anew(sources)


@dataclass(frozen=True)
class Times(Edit):
    """The training loop runs a multiple of its rounds.

    Attributes:
        times: the multiple.
        at: the first backward pass.
    """

    times: int
    at: Where | None = None

    def where(self, seen: Seen) -> Where | None:
        return self.at

    @property
    def by_hand(self) -> str:
        return f"for _ in range({self.times}):  # around the training loop, or {self.times} times as many epochs in it"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import anchors, lengths

        found = next(anchors.loops(sources), None)
        if found is None:
            sources.doubt("no loop trains")
        lengths.multiplied(sources, *found, self.times)


@dataclass(frozen=True)
class TrainMode(Edit):
    """The model is put into training mode before it is trained."""

    at: Where | None = None

    def where(self, seen: Seen) -> Where | None:
        return self.at

    @property
    def by_hand(self) -> str:
        return f"{MODEL}.train()  # before it is trained"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import modes

        modes.training(sources)


@dataclass(frozen=True)
class Unfrozen(Edit):
    """Every parameter of the model has a gradient, and the optimizer holds it.

    Attributes:
        frozen: some have none now. missing: the optimizer lacks some now.
        callee: name of the optimizer's class.
    """

    frozen: bool
    missing: bool
    callee: str

    @property
    def by_hand(self) -> str:
        lines = [f"{MODEL}.requires_grad_(True)"] if self.frozen else []
        return "\n".join([*lines, f"torch.optim.{self.callee}({MODEL}.parameters(), ...)"])

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import modes, optimizers

        if self.frozen:
            modes.unfrozen(sources)
        if self.missing:
            optimizers.all_parameters(sources, self.callee)
