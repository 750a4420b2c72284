"""The base of every treatment: what it cures, and where it acts on the running program.

A treatment is one file in `treatments/` with one subclass of `Treatment`; it is found by discovery. To add one, copy
a short neighbour, say in `proposals` when it applies and with which parameters, and override the one method of acting
that it needs. A treatment never imports another.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from torch import nn

from neurologist.diagnose import Finding
from neurologist.treat.call import Call
from neurologist.treat.edit import Edit
from neurologist.treat.objective import Objective

if TYPE_CHECKING:
    from neurologist.treat.seen import Seen

Reach = Literal["safe", "model"]  # training only, or the model itself: then it stays with the model after training


class Treatment:
    """A change to a program, made while it runs as if its source had been edited.

    The class docstring says what it changes and why that cures.
    """

    slug: ClassVar[str]
    treats: ClassVar[tuple[str, ...]]  # causes, see `Finding.cause`
    words: ClassVar[tuple[str, ...]] = ()  # other names under which findings propose it
    reach: ClassVar[Reach] = "safe"
    supersedes: ClassVar[tuple[str, ...]] = ()  # slugs of treatments that do nothing beside this one
    longer: float = 1.0  # how many times as long to train

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """Concrete treatments for a finding of one of its causes; none where it does not apply."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """What it does here, in a few words: "learning rate x 0.1"."""
        raise NotImplementedError

    def edits(self, seen: Seen) -> Iterable[Edit]:
        """How it reads as an edit of the user's source; nothing where that is to be done by hand."""
        return ()

    # -- where it acts; each is called in the running program -------------------------------------------------

    def begin(self, model: nn.Module, args: tuple[Any, ...]) -> None:
        """Before the first forward of a model."""

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """What a model gets in place of its inputs."""
        return args

    def before(self, call: Call) -> None:
        """Before a torch call: change it."""

    def after(self, call: Call, result: Any) -> Any:
        """After a torch call: what it gives."""
        return result

    def output(self, value: torch.Tensor) -> torch.Tensor:
        """What a model gives in place of its output."""
        return value

    def objective(self, objective: Objective) -> None:
        """Before a backward pass: change what is minimised."""

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        """Before an optimizer's step."""

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        """After an optimizer's step."""

    def again(self) -> None:
        """The program starts once more and goes on from the weights that it had: see `longer`."""

    @property
    def changes_loss(self) -> bool:
        """Losses with and without it cannot be compared."""
        return type(self).objective is not Treatment.objective

    def __repr__(self) -> str:
        return f"<treatment {self.slug}: {self.label}>"


@cache
def treatments() -> dict[str, type[Treatment]]:
    """Every treatment by its slug."""
    from neurologist.treat import treatments as members

    for module in pkgutil.iter_modules(members.__path__):
        importlib.import_module(f"{members.__name__}.{module.name}")
    found: list[type[Treatment]] = []
    queue = [Treatment]
    for cls in queue:
        queue += cls.__subclasses__()
        found += [cls] if "slug" in vars(cls) else []
    return {cls.slug: cls for cls in sorted(found, key=lambda cls: cls.slug)}
