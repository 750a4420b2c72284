"""Changes of scale: of what a model gets, and of what it gives and is compared with.

May import: `treat.edit`, `treat.seen`; libcst and the neighbours inside functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING

from neurologist.treat.edit import Edit
from neurologist.treat.edits.loss import AtLoss

if TYPE_CHECKING:
    from neurologist.treat.edits.sources import Sources
    from neurologist.treat.places import Where
    from neurologist.treat.seen import Seen

COLUMNS = 8  # numbers that are written into a source, at most


def digits(mean: float, std: float) -> tuple[str, str]:
    """Mean and deviation to a thousandth of the deviation."""
    places = 3 - floor(log10(std)) if std > 0 else 3
    return repr(float(round(mean, places))), repr(float(f"{std:.4g}"))


@dataclass(frozen=True)
class Inputs(Edit):
    """The model standardises its own inputs, in training and in use.

    Attributes:
        seen: what the control showed.
        mean, std: per column; one for all columns alike.
    """

    seen: Seen
    mean: Sequence[float]
    std: Sequence[float]

    def where(self, seen: Seen) -> Where | None:
        return next(iter(self.seen.forwards.get(0, ())), None)

    @property
    def by_hand(self) -> str:
        if len(self.mean) == 1:
            mean, std = digits(self.mean[0], self.std[0])
            return f"x = (x - {mean}) / {std}  # first in the model's forward"
        axes = ", ".join(str(axis) for axis in range(len(self.seen.shapes["input"])) if axis != 1)
        lines = [f"mean, std = train_x.mean(({axes},), keepdim=True), train_x.std(({axes},), keepdim=True)"]
        return "\n".join([*lines, "x = (x - mean) / std  # whatever the model gets, in training and in use"])

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import scaling

        scaling.inputs(sources, self.mean, self.std)


@dataclass(frozen=True)
class Targets(AtLoss):
    """The model gives numbers in the targets' scale, and both are compared at unit scale.

    Attributes:
        mean, std: of the targets.
    """

    mean: float = 0.0
    std: float = 1.0

    @property
    def by_hand(self) -> str:
        mean, std = digits(self.mean, self.std)
        loss = self.step.site.name if self.step is not None else "loss"
        return f"prediction = model(x) * {std} + {mean}\n{loss}((prediction - {mean}) / {std}, (y - {mean}) / {std})"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import scaling

        if self.step is None:
            sources.doubt("which line compares predictions and targets, the source does not say")
        scaling.targets(sources, self.step, *digits(self.mean, self.std))


@dataclass(frozen=True)
class Single(Edit):
    """Half precision becomes single precision, everywhere."""

    @property
    def by_hand(self) -> str:
        return "torch.float32 in place of torch.float16 and torch.bfloat16; no .half(), no autocast"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import scaling

        scaling.single(sources)
