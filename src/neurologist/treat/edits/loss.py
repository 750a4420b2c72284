"""Changes of what is minimised: the loss function, its target's shape, its sign, its reduction, what is added to it.

May import: `treat.edit`, `treat.seen`; libcst and the neighbours inside functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurologist.treat.edit import Edit

if TYPE_CHECKING:
    from neurologist.treat.call import Site
    from neurologist.treat.edits.sources import Sources
    from neurologist.treat.places import Where
    from neurologist.treat.seen import Seen, Step

WHOLE = ("int64", "int32", "int16", "int8", "uint8", "bool")


def loss_step(seen: Seen) -> Step | None:
    """The one call of a loss function of torch; None where there is none, or several."""
    found = [step for step in seen.calls if step.site.name == seen.loss] if seen.loss else []
    return found[0] if len(found) == 1 else None


def as_classes(seen: Seen, flat: bool = False) -> str:
    """What makes numbers of classes of the targets: ".long()"; flat: one for each row."""
    rows, _, *rest = (*seen.shapes["prediction"], 1)
    wanted = (rows,) if flat else (rows, *rest[:-1])
    return ("" if seen.dtype == "torch.int64" else ".long()") + shaped(seen.shapes["target"], wanted)


def as_numbers(seen: Seen) -> str:
    """What makes the targets numbers in the predictions' shape: ".float().unsqueeze(1)"."""
    whole = seen.dtype.rpartition(".")[2] in WHOLE
    same = shaped(seen.shapes["target"], seen.shapes["prediction"])
    return (".float()" if whole else "") + same


def shaped(now: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What gives a tensor another shape with as many entries; the rows stay rows."""
    if now == wanted:
        return ""
    if (*now, 1) == wanted:
        return f".unsqueeze({len(now)})" if len(now) > 1 else ".unsqueeze(1)"
    if now == (*wanted, 1):
        return f".squeeze({len(now) - 1})"
    return f".reshape({', '.join(map(str, (-1, *wanted[1:])))})"


@dataclass(frozen=True)
class AtLoss(Edit):
    """A change of the loss.

    Attributes:
        seen: what the control showed.
    """

    seen: Seen

    @property
    def step(self) -> Step | None:
        """The call of a loss function of torch."""
        return loss_step(self.seen)

    @property
    def sites(self) -> frozenset[Site]:
        return frozenset({self.step.site}) if self.step is not None else frozenset()

    def where(self, seen: Seen) -> Where | None:
        if self.step is not None:
            return self.step.at
        return next(iter(self.seen.backward), None)

    def name(self, role: str) -> str:
        """What the program calls a thing at the first backward pass."""
        return next((at.names[role] for at in self.seen.backward if role in at.names), role)


@dataclass(frozen=True)
class Loss(AtLoss):
    """Another loss function.

    Attributes:
        function: its name in torch.nn.functional; layer: the name of its class in torch.nn.
        target: code behind the target: ".long()".
    """

    function: str = ""
    layer: str = ""
    target: str = ""

    @property
    def by_hand(self) -> str:
        compared = f"{self.name('prediction')}, {self.name('target')}{self.target}"
        return f"{self.name('loss')} = torch.nn.functional.{self.function}({compared})"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import losses

        if self.step is None:
            losses.own(sources, f"torch.nn.functional.{self.function}", self.target)
        else:
            losses.another(sources, self.step, self.function, self.layer)
            losses.targets(sources, self.step, self.target)


@dataclass(frozen=True)
class Target(AtLoss):
    """The target in the predictions' shape."""

    target: str = ""

    @property
    def by_hand(self) -> str:
        return f"{self.name('target')}{self.target} in place of {self.name('target')}"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import losses

        if self.step is None:
            losses.met(sources, self.target)
        else:
            losses.targets(sources, self.step, self.target)


class AtBackward(AtLoss):
    """What is changed where the backward pass begins."""

    def where(self, seen: Seen) -> Where | None:
        return next(iter(self.seen.backward), None)


@dataclass(frozen=True)
class Sign(AtBackward):
    """The loss with the other sign."""

    @property
    def by_hand(self) -> str:
        return f"(-{self.name('loss')}).backward()"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import losses

        losses.turned(sources)


@dataclass(frozen=True)
class Mean(AtBackward):
    """The loss as a mean over the targets."""

    @property
    def by_hand(self) -> str:
        return f"({self.name('loss')} / {self.name('target')}.numel()).backward()"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import losses

        losses.averaged(sources, self.step)


@dataclass(frozen=True)
class Alone(AtLoss):
    """Nothing added to what compares predictions and targets."""

    @property
    def by_hand(self) -> str:
        return f"{self.name('loss')} = {self.seen.loss}({self.name('prediction')}, {self.name('target')})"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import losses

        if self.step is None:
            sources.doubt("which part of the loss is the penalty, the source does not say")
        losses.bared(sources, self.step)
