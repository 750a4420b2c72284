"""What a choice is: a recommendation, its reasons as numbers, what else would do, and what not to use and why.

May import: the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

NONE = "identity"  # the activation that changes nothing
Number = float | str | None  # a text for an interval; None where there is none


@dataclass(frozen=True)
class Reason:
    """One computed number that speaks for the recommendation.

    Attributes:
        what: the quantity.
        value: its number; a text for an interval.
        meaning: what the number says here.
    """

    what: str
    value: float | str
    meaning: str


@dataclass(frozen=True)
class Option:
    """A function that would do, with the numbers it was ranked by.

    Attributes:
        name: name in the catalogue; of a pair, "activation + loss".
        numbers: quantity -> its number, the same quantities for each option of a choice.
        behind: where it falls behind the recommended one; "" for that one itself.
    """

    name: str
    numbers: Mapping[str, Number]
    behind: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", MappingProxyType(dict(self.numbers)))


@dataclass(frozen=True)
class Avoid:
    """A function not to use here.

    Attributes:
        name: name in the catalogue; of a pair, "activation + loss".
        problem: in one word, such as "vanishes", "dead" or a problem of `theory.fits`.
        value: the number that shows it; a text for an interval.
        means: what the number is and why it is bad; the same words for all that fail alike.
        common: whether torch has it, so that it is likely to be met.
    """

    name: str
    problem: str
    value: float | str
    means: str
    common: bool = False

    @property
    def why(self) -> str:
        """Number and meaning, in words."""
        return f"{brief(self.value)}: {self.means}"


@dataclass(frozen=True)
class Choice:
    """What to use in one place of a network.

    Attributes:
        place: where in the network.
        given: what was known: depth, width, dtype, targets.
        use: the activation to write there, by name; "identity" where the loss takes raw scores.
        predict: of an output, what makes predictions of raw scores; None inside a network.
        loss: the loss that belongs with it; None inside a network.
        how: how to write it down.
        reasons: the numbers behind it.
        options: what would do, the recommendation first.
        avoid: what not to use; those that torch has first.
        notes: what would change the choice.
        warning: why the recommendation is only the least bad; "" where it is good.
    """

    place: str
    use: str
    how: str
    reasons: tuple[Reason, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    predict: str | None = None
    loss: str | None = None
    options: tuple[Option, ...] = ()
    avoid: tuple[Avoid, ...] = ()
    notes: tuple[str, ...] = ()
    warning: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "given", MappingProxyType(dict(self.given)))
        object.__setattr__(self, "avoid", tuple(sorted(self.avoid, key=lambda one: not one.common)))

    @property
    def title(self) -> str:
        """The place and what was known about it, in one line."""
        known = [f"{name} {value}" for name, value in self.given.items() if value not in (None, False)]
        return ", ".join([self.place, *known])

    @property
    def recommendation(self) -> str:
        """What to use, in one line."""
        if self.loss is None:
            return self.use
        if self.use != self.predict:
            return f"raw scores with the loss {self.loss}, which applies {self.predict} itself"
        return f"{'no activation' if self.use == NONE else self.use} with the loss {self.loss}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        plain = {name: getattr(self, name) for name in ("place", "use", "predict", "loss", "how", "warning")}
        return {
            **plain,
            "given": dict(self.given),
            "reasons": [asdict(one) for one in self.reasons],
            "options": [{"name": o.name, "numbers": dict(o.numbers), "behind": o.behind} for o in self.options],
            "avoid": [{**asdict(one), "why": one.why} for one in self.avoid],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        lines = [f"{self.title}: use {self.recommendation}", f"  {self.how}"]
        lines += [f"  but {self.warning}"] if self.warning else []
        lines += [f"  {one.what}: {brief(one.value)} ({one.meaning})" for one in self.reasons]
        lines += [f"  or {one.name}: {one.behind}" for one in self.options[1:]]
        for problem, means, ones in self.failures():
            lines.append(f"  not {', '.join(f'{one.name} [{brief(one.value)}]' for one in ones)} ({problem}: {means})")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def failures(self) -> list[tuple[str, str, list[Avoid]]]:
        """What not to use of what torch has: problem, what the numbers mean, and all that fail so."""
        found: dict[tuple[str, str], list[Avoid]] = {}
        for one in self.avoid:
            if one.common:
                found.setdefault((one.problem, one.means), []).append(one)
        return [(problem, means, ones) for (problem, means), ones in found.items()]


def brief(value: Number) -> str:
    """A number in three digits; texts as they are."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else f"{value + 0.0:.3g}"
