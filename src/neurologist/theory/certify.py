"""Proofs of what `traits` says, by branch and bound: for every number within 2^10 of 0, not only on a grid.

    python -m neurologist.theory.certify [names]

An interval of inputs is bounded by ball arithmetic, both directly and by the mean-value form f(m) + f'(X) (X - m), and
halved until the bound keeps the claim. Claims are about the stable forms, which are what is
computed. What is still open when the halves are as fine as `FINEST` is listed, not passed.
May import: `catalogue`, `theory`; python-flint is needed (pip install python-flint). A claim is a line in `claims`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite

from neurologist.catalogue import Activation, activations
from neurologist.catalogue.balls import Bounds, Oracle
from neurologist.catalogue.differentiate import differentiate
from neurologist.theory.traits import Traits, traits

INNER = 64.0  # up to here intervals start a unit wide, beyond they double
LARGEST = 2.0**10  # beyond it activations are their tails, which `traits` has from limits
TOLERANCE = 1e-7  # relative, and absolute below 1: claimed ends are rounded numbers, and a ball's radius has 30 bits
FINEST = 2.0**-30  # of an interval's end; finer halves are not tried
MOST = 20_000  # intervals that one claim may take


@dataclass(frozen=True)
class Proof:
    """A claim about one function, and whether it holds everywhere.

    Attributes:
        name: the function's.
        claim: what is claimed.
        intervals: how many were bounded.
        open: the first intervals for which the claim could be neither shown nor refuted.
        refuted: an input at which the claim is false; None where none was met.
    """

    name: str
    claim: str
    intervals: int
    open: tuple[tuple[float, float], ...]
    refuted: float | None

    @property
    def holds(self) -> bool:
        """Whether it is proved."""
        return not self.open and self.refuted is None


def claims(spec: Activation, found: Traits) -> Iterator[tuple[str, str, float, float]]:
    """What is claimed: words, formula, and the bounds that it keeps."""
    yield f"range {found.range}", spec.value, found.range.lo, found.range.hi
    slope = spec.derivative
    if isfinite(found.lipschitz):
        yield f"|slope| <= {found.lipschitz:.9g}", slope, -found.lipschitz, found.lipschitz
    if found.direction is not None and found.smoothness >= 0:
        yield found.direction, slope, *((0.0, inf) if found.direction == "increasing" else (-inf, 0.0))


def certify(spec: Activation) -> list[Proof]:
    """All proofs about a function of numbers at its default parameters."""
    return [prove(spec, *claim) for claim in claims(spec, traits(spec))]


def prove(spec: Activation, claim: str, formula: str, low: float, high: float) -> Proof:
    """Whether a formula stays within [low, high] for every number of at most `LARGEST`."""
    values, slopes = Bounds(formula, spec.parameters), Bounds(differentiate(formula, "x"), spec.parameters)
    at = Oracle(formula, spec.parameters)
    slack = TOLERANCE * max([1.0, *(abs(end) for end in (low, high) if isfinite(end))])
    low, high = low - slack, high + slack
    waiting, done = list(_start()), 0
    undecided: list[tuple[float, float]] = []
    while waiting and done < MOST:
        a, b = waiting.pop()
        done += 1
        least, most = _bound(values, slopes, at, a, b)
        if low <= least and most <= high:
            continue
        middle = a / 2 + b / 2
        value = at(middle)
        if value is not None and not low <= float(value.mid()) <= high:
            return Proof(spec.name, claim, done, (), middle)
        if b - a <= FINEST * max(1.0, abs(a), abs(b)):
            undecided.append((a, b))
        else:
            waiting += [(a, middle), (middle, b)]
    return Proof(spec.name, claim, done, tuple([*undecided, *waiting][:5]), None)


def _start() -> Iterator[tuple[float, float]]:
    edges = [float(i) for i in range(int(INNER) + 1)]
    while edges[-1] < LARGEST:
        edges.append(edges[-1] * 2)
    for a, b in pairwise(edges):
        yield a, b
        yield -b, -a


def _bound(values: Bounds, slopes: Bounds, at: Oracle, a: float, b: float) -> tuple[float, float]:
    """Bounds over an interval: the narrower of the direct ones and the mean-value form's."""
    least, most, smooth = values(a, b)
    middle = a / 2 + b / 2
    centre = at(middle) if smooth else None  # a function may jump where a comparison is open
    if centre is None:
        return least, most
    down, up, decided = slopes(a, b)
    if not decided or not isfinite(down) or not isfinite(up):
        return least, most
    reach = max(abs(down), abs(up)) * max(b - middle, middle - a) * (1 + 1e-12)
    value = float(centre.mid())
    room = reach + 1e-15 * abs(value)
    return max(least, value - room), min(most, value + room)


def main(names: list[str]) -> int:
    """Print a table; 1 where a claim does not hold."""
    bad = 0
    for name in names or [name for name, spec in activations.items() if not spec.vector]:
        for proof in certify(activations[name]):
            bad += not proof.holds
            verdict = (
                "proved" if proof.holds else f"refuted at {proof.refuted}" if proof.refuted else f"open: {proof.open}"
            )
            print(f"{name:18s} {proof.claim:34s} {proof.intervals:6d} intervals  {verdict}", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
