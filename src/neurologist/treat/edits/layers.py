"""Changes at activations and layers: another in its place, none, one more before or behind it, another size.

May import: libcst, `treat.seen`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from neurologist.treat.edit import Edit
from neurologist.treat.seen import Step

if TYPE_CHECKING:
    from neurologist.treat.call import Site
    from neurologist.treat.edits.sources import Sources
    from neurologist.treat.places import Where
    from neurologist.treat.seen import Seen


@dataclass(frozen=True)
class AtStep(Edit):
    """A change at one call.

    Attributes:
        step: the call.
    """

    step: Step

    @property
    def sites(self) -> frozenset[Site]:
        return frozenset({self.step.site})

    def where(self, seen: Seen) -> Where | None:
        made = seen.made(self.step.site) if self.step.layer is not None else None
        return made.at if made is not None and made.at is not None else self.step.at


@dataclass(frozen=True)
class Swap(AtStep):
    """A call of a function, or the layer that makes it, becomes another, or goes.

    Attributes:
        function: name of the torch function in its place; None takes it out.
        layer: name of the class in torch.nn in its place; None takes it out.
        options: arguments of the layer, as code; "{0}" in it stands for the first argument that is there.
    """

    function: str | None = None
    layer: str | None = None
    options: str = ""

    @property
    def by_hand(self) -> str:
        if self.step.layer is None:
            here = f"# call {self.step.site.ordinal + 1} of {self.step.site.name} in each forward pass"
            return f"{_torch(self.function)}(x)  {here}" if self.function else f"x  {here}: leave it out"
        width = self.step.shape[1] if len(self.step.shape) > 1 else self.step.shape[0]
        made = f"nn.{self.layer or 'Identity'}({self.options.format(width)})"
        return f"{made} in place of nn.{self.step.layer} at {self.step.site.module or 'the model'}"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import replacing

        if self.step.activates:
            sources.follows(sources.seen.source_layer(self.step), self.function)
        if self.step.layer is None:
            source, node = sources.call(self.step)
            replacing.function(source, node, _torch(self.function) if self.function else None, self.step)
            return
        if self.layer is None and replacing.taken_from_forward(sources, self.step):
            return
        for source, node in sources.constructors(self.step.site, self.step.layer):
            if not sources.first((source.path, source.span(node))):
                continue
            if self.layer is None:
                replacing.taken(sources, source, node, self.step.site)
            else:
                replacing.layer(source, node, self.layer, self.options)


def _torch(name: str | None) -> str:
    """Where torch keeps a function: "torch.sigmoid", "torch.nn.functional.relu"."""
    plain = name in ("sigmoid", "tanh") or not hasattr(torch.nn.functional, str(name))
    return f"torch.{name}" if plain else f"torch.nn.functional.{name}"


@dataclass(frozen=True)
class Arguments(AtStep):
    """Arguments of a call, or of the layer that makes it, get other values.

    Attributes:
        values: keyword -> code; None takes it out.
        position: keyword -> where it stands without its name in a call of the function, and in the layer.
    """

    values: dict[str, str | None] = field(default_factory=dict)
    position: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def by_hand(self) -> str:
        given = ", ".join(f"{name}={code}" for name, code in self.values.items() if code is not None)
        gone = ", ".join(name for name, code in self.values.items() if code is None)
        name = f"torch.nn.{self.step.layer}" if self.step.layer is not None else self.step.site.name
        return f"{name}(..., {given})" if given else f"{name}(...) without {gone}"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import replacing

        layer = self.step.layer is not None
        found = sources.constructors(self.step.site, self.step.layer) if self.step.layer else [sources.call(self.step)]
        for source, node in found:
            if not sources.first((source.path, source.span(node))):
                continue
            method = not layer and replacing.operand(source, node, self.step) is not None
            position = {k: at[1] if layer else at[0] - method for k, at in self.position.items()}
            replacing.arguments(source, node, self.values, position)


@dataclass(frozen=True)
class Behind(AtStep):
    """One more layer behind a layer, as wide as that.

    Attributes:
        layer: name of its class in torch.nn.
        suffix: of its name in a module of the program's own.
    """

    layer: str = ""
    suffix: str = "_norm"

    @property
    def by_hand(self) -> str:
        name = (self.step.site.module or self.step.site.name).replace(".", "_") + self.suffix
        return f"{name} = torch.nn.{self.layer}({self.step.shape[1]})  # where the layers are made\nx = {name}(x)"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import inserting

        if self.step.layer is None:
            sources.doubt(f"{self.step.site.name} is called as a function")
        inserting.behind(sources, self.step, self.layer, self.suffix)


@dataclass(frozen=True)
class Before(AtStep):
    """An activation before a layer.

    Attributes:
        function: its name in torch. layer: the name of its class in torch.nn.
    """

    function: str = "relu"
    layer: str = "ReLU"

    @property
    def by_hand(self) -> str:
        return f"{_torch(self.function)}(x) before {self.step.site.module or self.step.site.name}"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import inserting

        sources.follows(sources.seen.source_layer(self.step), self.function)
        inserting.before(sources, self.step, _torch(self.function), self.layer)


@dataclass(frozen=True)
class Around(AtStep):
    """A residual connection: an activation's output plus the input of the layer before it.

    Attributes:
        start: the layer.
    """

    start: Step | None = None

    @property
    def sites(self) -> frozenset[Site]:
        return frozenset({self.step.site} | ({self.start.site} if self.start is not None else set()))

    @property
    def by_hand(self) -> str:
        return f"x + {self.step.site.name}(layer(x)) in place of {self.step.site.name}(layer(x))"

    def write(self, sources: Sources) -> None:
        from neurologist.treat.edits import inserting

        assert self.start is not None
        inserting.around(sources, self.start, self.step)
