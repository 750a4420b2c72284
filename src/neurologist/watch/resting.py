"""Parameters that backward does not reach: frozen, unused, or cut off; and the modes in which models run.

Looked at after a sample, from what it noted; between samples nothing is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parameter import is_lazy
from torch.utils.weak import WeakIdKeyDictionary

from neurologist.record import Store
from neurologist.tape.nested import shape_of
from neurologist.tape.quantity import strided
from neurologist.tape.shard import local
from neurologist.watch.names import Names

SIGNATURE = 64  # entries compared to tell whether a parameter changed


class Mode(NamedTuple):
    """How a model runs; see the `mode` table."""

    training: bool
    norms: int
    norms_off: int
    dropouts: int
    dropouts_off: int


def mode_of(model: nn.Module) -> Mode:
    """The mode of a model and of those parts of it to which the mode makes a difference."""
    parts = _parts(model)
    norms = [part.training for part in parts if part._buffers.get("running_mean") is not None]
    dropouts = [part.training for part in parts if isinstance(part, _DropoutNd) and part.p > 0]
    return Mode(model.training, len(norms), norms.count(False), len(dropouts), dropouts.count(False))


def _parts(model: nn.Module) -> list[nn.Module]:
    """A model and all in it; nn.Module's own walk needs modules that have a hash."""
    found, seen = [model], {id(model)}
    for part in found:
        fresh = [child for child in part._modules.values() if child is not None and id(child) not in seen]
        seen |= {id(child) for child in fresh}
        found += fresh
    return found


@dataclass
class Rest:
    """What is known of one parameter at rest."""

    number: int
    name: str
    trainable: bool
    rms: float
    high: float
    entries: torch.Tensor
    optimizer: int | None = None
    called: bool = False
    ahead: bool = False
    changed: bool = False

    def row(self, parameter: torch.Tensor) -> tuple[object, ...]:
        """Its row in the `resting` table."""
        shape = json.dumps(shape_of(parameter))
        flags = (int(f) for f in (self.trainable, self.called, self.ahead, self.changed))
        return (self.number, self.name, shape, parameter.numel(), self.optimizer, *flags, self.rms, self.high)


class Resting:
    """Keeps the `resting` table."""

    def __init__(self, store: Store, names: Names) -> None:
        self._store, self._names = store, names
        self._known: MutableMapping[torch.Tensor, Rest] = WeakIdKeyDictionary()
        self._touched: MutableMapping[torch.Tensor, bool] = WeakIdKeyDictionary()
        self._numbers = 0
        self._written: list[tuple[object, ...]] = []

    def note(
        self,
        reached: Mapping[torch.Tensor, int],
        held: Mapping[torch.Tensor, int],
        called: Iterable[tuple[torch.Tensor, bool]],
    ) -> None:
        """Bring the table up to date after a sample.

        Args:
            reached: parameters that an examined backward pass reached, ever; others that have a gradient count too.
            held: parameters of optimizers, and the number of each one's optimizer.
            called: parameters of modules that ran with gradients enabled, and whether before all that was reached.
        """
        ran = WeakIdKeyDictionary()
        for parameter, ahead in called:
            ran[parameter] = ahead
        for parameter in {id(p): p for p in (*held, *ran)}.values():
            # What has a gradient was reached unseen: in a step without a sample, or by a pass inside another.
            if parameter in reached or not parameter.is_leaf or parameter.grad is not None:
                self._touched[parameter] = True
        for parameter in [p for p in self._known if p in self._touched]:
            del self._known[parameter]
        candidates = {id(p): p for p in (*held, *ran) if p not in self._touched and not is_lazy(p)}
        self._compare()
        self._add([p for p in candidates.values() if p not in self._known and p.is_floating_point() and p.numel()])
        for parameter, rest in self._known.items():
            rest.optimizer = held.get(parameter)
            rest.trainable = rest.trainable or parameter.requires_grad
            if parameter in ran:
                rest.called, rest.ahead = True, rest.ahead or ran[parameter]
        self._write()

    def _compare(self) -> None:
        unchanged = [(p, rest) for p, rest in self._known.items() if not rest.changed]
        flags = [(_entries(p) != rest.entries).any() for p, rest in unchanged]
        for (_, rest), flag in zip(unchanged, host(flags), strict=True):
            rest.changed = bool(flag)

    def _add(self, fresh: list[torch.Tensor]) -> None:
        parts = [strided(p.detach()).double() for p in fresh]
        sizes = [part.square().mean().sqrt() for part in parts]
        numbers = host([*sizes, *(local(p.detach()).abs().amax() for p in fresh)])
        for parameter, size, high in zip(fresh, numbers, numbers[len(fresh) :], strict=False):
            self._numbers += 1
            name, entries = self._names.tensor(parameter), _entries(parameter).clone()
            self._known[parameter] = Rest(self._numbers, name, parameter.requires_grad, size, high, entries)

    def _write(self) -> None:
        rows = [rest.row(parameter) for parameter, rest in self._known.items()]
        if rows == self._written:
            return
        with self._store.transaction():
            self._store.execute("DELETE FROM resting")
            self._store.insert("resting", rows)
        self._written = rows


def _entries(parameter: torch.Tensor) -> torch.Tensor:
    return strided(parameter.detach())[:SIGNATURE]


def host(values: list[torch.Tensor]) -> list[float]:
    """Numbers on the host, with one transfer per device."""
    found = [0.0] * len(values)
    for device in {value.device for value in values}:
        there = [i for i, value in enumerate(values) if value.device == device]
        for i, number in zip(there, torch.stack([values[i].double() for i in there]).tolist(), strict=True):
            found[i] = number
    return found
