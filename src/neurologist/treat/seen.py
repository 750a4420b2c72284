"""What the control arm showed of a program: its calls in order, its task, its data. Treatments are made from it.

May import: torch, `tape.ops`, `catalogue`, `treat.places`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from neurologist import catalogue
from neurologist.catalogue import Activation
from neurologist.tape import ops
from neurologist.treat.call import Site
from neurologist.treat.places import Made, Where
from neurologist.treat.task import Task


@dataclass
class Step:
    """One torch call of the first forward pass.

    Attributes:
        site: where.
        kind: as on the tape: "linear", "activation", "softmax", "shape", ...
        member: its name in the catalogue, or None.
        sources: indices of the calls that made its tensors.
        shape: of its result.
        layer: class of the torch.nn layer that calls it; None where the program calls it itself.
        at: the program's own call behind it.
        direct: the program calls torch there itself, not another library that does. method: as one of a tensor.
        data: which of its two tensors has no gradient; None where both have, or there are not two.
    """

    site: Site
    kind: str
    member: str | None
    sources: list[int]
    shape: tuple[int, ...]
    layer: str | None = None
    at: Where | None = None
    data: int | None = None
    direct: bool = True
    method: bool = False

    @property
    def file(self) -> str | None:
        """Of the program, where it is called."""
        return self.at.file if self.at is not None else None

    @property
    def line(self) -> int | None:
        """Likewise."""
        return self.at.line if self.at is not None else None

    @property
    def weighted(self) -> bool:
        """A layer with weights that mixes units."""
        return self.kind in ("linear", "conv")

    @property
    def activates(self) -> bool:
        """An activation of any kind."""
        return self.kind in ("activation", "softmax") or self.site.name in ("exp", "square")


@dataclass
class Moments:
    """Running mean and variance of a stream of batches, per column (per channel for images).

    What is missing (NaN) or infinite is left out.
    """

    count: int = 0
    total: torch.Tensor | None = None
    squares: torch.Tensor | None = None
    missing: torch.Tensor | None = None

    def add(self, batch: torch.Tensor) -> None:
        """One more batch; the first dimension is rows, the second columns."""
        x = batch.detach().double()
        x = x.reshape(-1, 1) if x.dim() < 2 else x.movedim(1, -1).reshape(-1, x.shape[1])
        if self.total is not None and self.total.shape != x.shape[1:]:
            return
        gaps = ~x.isfinite()
        x = x.masked_fill(gaps, 0.0)
        self.total = x.sum(0) if self.total is None else self.total + x.sum(0)
        self.squares = (x * x).sum(0) if self.squares is None else self.squares + (x * x).sum(0)
        self.missing = gaps.sum(0) if self.missing is None else self.missing + gaps.sum(0)
        self.count += len(x)

    @property
    def _rows(self) -> torch.Tensor:
        assert self.missing is not None
        return (self.count - self.missing).clamp_min(1)

    @property
    def mean(self) -> torch.Tensor:
        """Per column."""
        assert self.total is not None
        return (self.total / self._rows).float()

    @property
    def std(self) -> torch.Tensor:
        """Per column; never smaller than a hundredth of the largest, and 1 where nothing varies."""
        assert self.total is not None
        assert self.squares is not None
        mean = self.total / self._rows
        std = (self.squares / self._rows - mean * mean).clamp_min(0).sqrt()
        std = torch.maximum(std, std.max() / 100)
        return torch.where(std > 0, std, torch.ones_like(std)).float()


@dataclass
class Seen:
    """The control arm, as treatments see it.

    Attributes:
        calls: of the first forward pass and loss, in order.
        prediction: index of the call that made what the loss compares; None when that is not known.
        loss: name of the torch loss function; None for one of the user's own.
        task: what is to be learnt.
        inputs: of the model.
        targets: of the loss.
        width: columns of the prediction.
        steps: that the program takes; ended: it came to its own end.
        summed: the loss is a sum over the batch.
        whole: all targets are whole numbers; largest: the largest of them.
        files: of the program, through which the first step ran. optimizers: names of their classes.
        alone: the loss holds nothing besides what compares predictions and targets.
        modules: of each model, by its number and the path. forwards: the calls that led to the first forward pass of
            each. backward: those that led to the first backward pass, with the names that things have there.
        shapes: of the first "input", "prediction" and "target". dtype: of the target, as torch names it.
        gains: of the layers with weights of the first model, by path: what `init_` would give them.
        frozen: the model has parameters without a gradient. complete: the optimizer holds all of them; only: no others.
        arguments: of the command line. given: how many tensors the first model gets.
        groups: of parameters that an optimizer has, at most.
        data: what the training inputs are called as one tensor, by the file and first line of a function on the way
            to the first forward pass.
    """

    calls: list[Step] = field(default_factory=list)
    prediction: int | None = None
    loss: str | None = None
    task: Task | None = None
    inputs: Moments = field(default_factory=Moments)
    targets: Moments = field(default_factory=Moments)
    width: int = 1
    steps: int = 0
    ended: bool = False
    alone: bool = True
    summed: bool = False
    whole: bool = True
    largest: int = 0
    files: set[str] = field(default_factory=set)
    optimizers: list[str] = field(default_factory=list)
    modules: dict[tuple[int, str], Made] = field(default_factory=dict)
    forwards: dict[int, tuple[Where, ...]] = field(default_factory=dict)
    backward: tuple[Where, ...] = ()
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    dtype: str = ""
    gains: dict[str, float] = field(default_factory=dict)
    frozen: bool = False
    complete: bool = True
    only: bool = True
    arguments: list[str] = field(default_factory=list)
    given: int = 0
    groups: int = 1
    data: dict[tuple[str, int], str] = field(default_factory=dict)

    def made(self, site: Site) -> Made | None:
        """The module whose forward calls there."""
        return self.modules.get((site.model, site.module))

    def _chain(self, start: int | None) -> Iterable[int]:
        """Calls back along the first source, from `start`."""
        while start is not None:
            yield start
            sources = self.calls[start].sources
            start = sources[0] if sources else None

    @property
    def output_activations(self) -> list[Step]:
        """Activations between the last layer and the loss."""
        found = []
        for index in self._chain(self.prediction):
            if self.calls[index].weighted:
                break
            if self.calls[index].activates:
                found.append(self.calls[index])
        return found

    @property
    def output_layer(self) -> Step | None:
        """The last layer before the loss."""
        return next((self.calls[i] for i in self._chain(self.prediction) if self.calls[i].weighted), None)

    @property
    def hidden_activations(self) -> list[Step]:
        """Activations with a layer behind them, on the way to the loss."""
        last = self.output_layer
        if last is None:
            return []
        return [call for call in self.calls[: self.calls.index(last)] if call.activates]

    @property
    def layers(self) -> list[Step]:
        """Layers with weights, in order."""
        return [call for call in self.calls if call.weighted]

    def source_layer(self, step: Step, through: tuple[str, ...] = ()) -> Step | None:
        """The layer that feeds a call directly: looking through shape changes, dropout and kinds in `through`."""
        start = step.sources[0] if step.sources else None
        for index in self._chain(start):
            call = self.calls[index]
            if call.weighted:
                return call
            if call.kind not in ops.TRANSPARENT and call.kind not in ("normalisation", *through):
                return None
        return None

    @property
    def unbounded(self) -> bool:
        """The output layer's scores reach the loss as they are."""
        return not self.output_activations


def spec(step: Step) -> Activation | None:
    """What the catalogue says of an activation."""
    return catalogue.activations.get(step.member) if step.member else None


def expects(loss: str | None) -> str | None:
    """What a torch loss function's predictions must be: "logits", "probabilities", ...; None for an unknown loss."""
    found = catalogue.loss_by_function(loss) if loss else None
    return found.expects if found else None
