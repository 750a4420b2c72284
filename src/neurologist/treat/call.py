"""A torch call of the running program, and what identifies it from run to run.

May import: torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch


class Site(NamedTuple):
    """A place in the program where torch is called, the same in every run.

    Attributes:
        model: which model, by the order of their first calls, from 0; -1 outside every model.
        module: path inside the model of the module whose forward calls; "" is the model itself.
        name: name of the torch function.
        ordinal: how many calls of this name came before it in the same forward of the model.
    """

    model: int
    module: str
    name: str
    ordinal: int


@dataclass
class Call:
    """A call about to happen; a treatment may change any part of it.

    Attributes:
        site: where.
        function, args, named: what is called.
        training: the model is in training mode.
    """

    site: Site
    function: Callable[..., Any]
    args: tuple[Any, ...]
    named: dict[str, Any] = field(default_factory=dict)
    training: bool = True

    @property
    def input(self) -> torch.Tensor:
        """Its first tensor."""
        found = self.args[0] if self.args else self.named["input"]
        assert isinstance(found, torch.Tensor)
        return found

    def with_input(self, value: torch.Tensor) -> None:
        """Give it another first tensor."""
        if self.args:
            self.args = (value, *self.args[1:])
        else:
            self.named = {**self.named, "input": value}

    def instead(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Apply `function` to the first tensor in place of the call."""
        self.args, self.named, self.function = (self.input,), {}, function


def tensors(values: Any) -> list[torch.Tensor]:
    """The tensors among arguments, one level deep into lists and tuples."""
    found: list[torch.Tensor] = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += [inner for inner in value if isinstance(inner, torch.Tensor)]
    return found
