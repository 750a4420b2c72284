"""Parameters as a caller gives them: each must be one that the member has, a number, and where the formula has a value.

May import: `catalogue.errors`, `catalogue.interval`. Where a parameter must lie is declared in its member's `domains`.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from neurologist.catalogue.interval import Interval


def completed(
    subject: str,
    defaults: Mapping[str, float],
    domains: Mapping[str, Interval],
    given: Mapping[str, Any],
    ordered: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The defaults with what is `given` in their place.

    Tensors and arrays are taken as they are: looking at their values would wait for a device.

    Args:
        subject: whose they are, for errors.
        defaults: name -> default.
        domains: name -> where it must lie.
        given: name -> value.
        ordered: names of parameters of which none may be larger than the next.
    """
    for name, value in given.items():
        if name not in defaults:
            raise TypeError(_unknown(subject, name, defaults))
        if isinstance(value, (int, float)):
            _check_number(subject, name, value, domains.get(name))
        elif not hasattr(value, "__float__") and not isinstance(value, (list, tuple)):
            raise TypeError(f"{subject} got {name}={value!r}: expected a number or a tensor; use float({name})")
    found = {**defaults, **given}
    for low, high in pairwise(ordered):
        a, b = found[low], found[high]
        if isinstance(a, (int, float)) and isinstance(b, (int, float)) and a > b:
            raise ValueError(f"{subject} got {low}={a!r} and {high}={b!r}: expected {low} <= {high}; exchange them")
    return found


def _unknown(subject: str, name: str, defaults: Mapping[str, float]) -> str:
    near = get_close_matches(name, defaults, n=1, cutoff=0.4)
    cure = f"write {near[0]}" if near else "leave it out"
    return f"{subject} got the parameter {name!r}: it has {', '.join(defaults) or 'no parameters'}; {cure}"


def _check_number(subject: str, name: str, value: float, domain: Interval | None) -> None:
    if value != value:
        raise ValueError(f"{subject} got {name}={value!r}: expected a number; look where it was computed")
    if domain is not None and not domain.contains(value):
        cure = f"use {domain.lo:g}" if value < domain.lo and domain.lo_closed else "use a number in it"
        raise ValueError(f"{subject} got {name}={value!r}: expected a number in {domain}; {cure}")
