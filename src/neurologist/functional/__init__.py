"""Functions made from the catalogue: call them with torch tensors, NumPy arrays or floats.

`functions` and `losses` are read-only mappings by name, and `functional.<name>` is the activation of that name.
torch is imported only where a tensor, a module or a gradient is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from neurologist import catalogue
from neurologist.catalogue.registry import Named, Registry
from neurologist.functional.custom import activation
from neurologist.functional.function import Function
from neurologist.functional.loss import LossFunction

__all__ = ["Function", "LossFunction", "activation", "functions", "losses"]

Spec = TypeVar("Spec", bound=Named)
Made = TypeVar("Made")


class Family(Mapping[str, Made], Generic[Spec, Made]):
    """A mapping over the catalogue that makes each callable once, when it is first asked for."""

    def __init__(self, specs: Registry[Spec], make: Callable[[Spec], Made]) -> None:
        self._specs = specs
        self._make = make
        self._made: dict[str, Made] = {}

    def __getitem__(self, name: str) -> Made:
        spec = self._specs[name]
        if spec.name not in self._made:
            self._made[spec.name] = self._make(spec)
        return self._made[spec.name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __repr__(self) -> str:
        return repr(self._specs)


functions: Family[catalogue.Activation, Function] = Family(catalogue.activations, Function)
losses: Family[catalogue.Loss, LossFunction] = Family(catalogue.losses, LossFunction)


def __getattr__(name: str) -> Function:
    if name in functions:
        return functions[name]
    raise AttributeError(f"neurologist.functional has no {name!r}")
