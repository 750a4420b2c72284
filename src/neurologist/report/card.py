"""Cards: what the catalogue knows of one member, as a plain dict, found by its name.

`card` makes the dict; `markdown`, `text` and `json` are views of it, each in a module of its own.
May import: `catalogue`, `report`. No torch.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module

from neurologist.catalogue import Activation, Loss, UnknownMemberError, activations, losses
from neurologist.report import json as json_
from neurologist.report.card_activation import Card, activation_card
from neurologist.report.card_loss import loss_card
from neurologist.report.card_markdown import markdown

__all__ = ["Card", "card", "find", "json", "markdown", "names", "summary"]

MOST = 4  # names that are offered for an unknown one


def card(member: str | Activation | Loss) -> Card:
    """The card of a member: of that name or alias, or of a spec, your own function's too.

    >>> card("gelu")["derivative"]["largest_in_words"]
    '1.129 at x = 1.414'
    """
    spec = find(member) if isinstance(member, str) else member
    return loss_card(spec, summary(spec)) if isinstance(spec, Loss) else activation_card(spec, summary(spec))


def find(name: str) -> Activation | Loss:
    """The activation, or else the loss, of that name or alias, in any case and with `-`, `_` or blanks.

    An unknown name is an `UnknownMemberError` that offers the nearest of both families.
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    same = [known for known in names() if known.replace("_", "") == wanted.replace("_", "")]
    for spelling in (wanted, *same):
        for family in (activations, losses):
            if spelling in list(family):  # names come before aliases: "cosine" is a loss, and another name of cos
                return family[spelling]
        for family in (activations, losses):
            if spelling in family:
                return family[spelling]
    raise Unknown(name, nearest(wanted))


class Unknown(UnknownMemberError):
    """A name that neither family holds; `near` has the nearest."""

    def __init__(self, name: str, near: Iterable[str]) -> None:
        super().__init__("activation or loss", name, [])
        self.near = tuple(near)
        offer = f"did you mean {' or '.join(self.near)}?" if self.near else "`neurologist show` lists all"
        self.message = f"no activation or loss is called {name!r}: {offer}"


def names() -> list[str]:
    """All names and aliases of both families."""
    aliases = [alias for family in (activations, losses) for spec in family.values() for alias in spec.aliases]
    return sorted({*activations, *losses, *aliases})


def nearest(wanted: str) -> list[str]:
    """Up to four names that look like it; failing that, names that hold it or a word of it."""
    every = names()
    near = get_close_matches(wanted, every, MOST, 0.6)
    parts = [part for part in wanted.split("_") if len(part) > 2]
    return near or [name for name in every if any(part in name for part in (wanted, *parts) if part)][:MOST]


def json(of: Card | list[Card]) -> str:
    """One card, or several, as strict JSON."""
    return json_.dumps(of)


def summary(spec: Activation | Loss) -> str:
    """The docstring of the member's file; a function of your own has none."""
    family, folder = (losses, "losses") if isinstance(spec, Loss) else (activations, "activations")
    if spec.name not in family or family[spec.name] is not spec:
        return "Your own, from its formula."
    module = import_module(f"neurologist.catalogue.{folder}.{spec.name}")
    return " ".join((module.__doc__ or "").split())
