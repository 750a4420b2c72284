"""What can be raced: activations, initial weights, losses. Each entry of a race is a few treatments with a name.

May import: torch, `functional`, `treat.treatment`, `treat.seen`. To race something else, add a function to `KINDS` that
gives the treatment of a name, or raises `KeyError` with the names that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from torch import nn

from neurologist.functional import functions, losses
from neurologist.treat.call import Call, Site
from neurologist.treat.objective import Objective
from neurologist.treat.seen import Seen, Step
from neurologist.treat.treatment import Treatment
from neurologist.watch.initialise import init_

AS_IT_IS = "as it is"
INITS: dict[str, Callable[[Any], Any] | None] = {
    "gain": None,  # of the activation that follows: `init_`
    "xavier_normal": nn.init.xavier_normal_,
    "xavier_uniform": nn.init.xavier_uniform_,
    "kaiming_normal": nn.init.kaiming_normal_,
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "orthogonal": nn.init.orthogonal_,
}


class NoEntry(RuntimeError):
    """A program cannot be raced this way; the message says why."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One arm of a race: the name it goes by, and what is changed."""

    name: str
    treatments: tuple[Treatment, ...] = ()


@dataclass(eq=False, repr=False)
class Activate(Treatment):
    """Puts one activation in place of others."""

    name: str
    sites: frozenset[Site]

    treats = ()
    reach = "model"

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    def before(self, call: Call) -> None:
        """At each of the sites."""
        if call.site in self.sites:
            call.instead(functions[self.name])


@dataclass(eq=False, repr=False)
class Initialise(Treatment):
    """Draws the weights of every layer anew before the first forward pass; biases become 0."""

    name: str

    treats = ()
    reach = "model"

    @property
    def label(self) -> str:
        """Its name."""
        return f"init {self.name}"

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        """Vectors, such as scales of a normalisation, stay."""
        draw = INITS[self.name]
        if draw is None:
            init_(model, *args)
            return
        for module in model.modules():
            weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
            if not isinstance(weight, nn.Parameter) or weight.dim() < 2 or isinstance(module, nn.Embedding):
                continue
            draw(weight)
            if isinstance(bias, nn.Parameter):
                nn.init.zeros_(bias)


@dataclass(eq=False, repr=False)
class Minimise(Treatment):
    """Minimises another loss of the same predictions and targets."""

    name: str

    treats = ()

    @property
    def label(self) -> str:
        """Its name."""
        return f"loss {self.name}"

    def objective(self, objective: Objective) -> None:
        """Penalties that the program adds stay."""
        objective.function, objective.name, objective.touched = losses[self.name], self.name, True


def _activations(seen: Seen, at: str | None) -> Callable[[str], Treatment]:
    steps = _at(seen.hidden_activations, at)
    if not steps:
        raise NoEntry("the program has no activation between its layers: nothing to put others in place of")
    sites = frozenset(step.site for step in steps)
    return lambda name: Activate(functions[name].name, sites)


def _at(steps: list[Step], at: str | None) -> list[Step]:
    if at is None or not steps:
        return steps
    name, _, line = at.rpartition(":")
    found = [s for s in steps if str(s.line) == line and s.file is not None and Path(s.file).match(f"*{name}")]
    if not found:
        places = sorted({f"{Path(step.file).name}:{step.line}" for step in steps if step.file is not None})
        raise NoEntry(f"no hidden activation is called at {at!r}: expected one of {', '.join(places) or 'none'}")
    return found


def _inits(seen: Seen, at: str | None) -> Callable[[str], Treatment]:
    def one(name: str) -> Treatment:
        if name not in INITS:
            raise KeyError(f"no init {name!r}: expected one of {', '.join(INITS)}")
        return Initialise(name)

    return one


def _losses(seen: Seen, at: str | None) -> Callable[[str], Treatment]:
    if seen.loss is None:
        raise NoEntry("the loss is no function of torch.nn.functional: there is no call to put another in place of")
    return lambda name: Minimise(losses[name].name)


KINDS = {"activation": _activations, "init": _inits, "loss": _losses}


def entries(wanted: dict[str, Sequence[str]], seen: Seen, at: str | None) -> list[Entry]:
    """Every combination of the names that are wanted, and the program as it is.

    Raises:
        KeyError: there is nothing of a name.
        NoEntry: the program has no place for it.
    """
    rows = []
    for kind, names in wanted.items():
        one = KINDS[kind](seen, at)
        rows.append([(name, one(name)) for name in dict.fromkeys(names)])
    found = [Entry(" + ".join(n for n, _ in row), tuple(t for _, t in row)) for row in product(*rows)]
    return [Entry(AS_IT_IS), *found]
