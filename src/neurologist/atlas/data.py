"""What the page knows of every member, from its card: plain data, and its formulas as JavaScript.

May import: `catalogue`, `functional` without torch, `theory`, `atlas`. To show one more fact: a key in `_facts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from neurologist.atlas.certificates import certificate
from neurologist.atlas.drawn import Drawn, drawn, finite
from neurologist.atlas.javascript import function, letter
from neurologist.atlas.mathml import mathml
from neurologist.catalogue import Activation, Interval, Loss, activations, losses
from neurologist.catalogue.interval import REAL
from neurologist.theory.numeric import branch_points

Card = Mapping[str, Any]

TRAITS = (
    *("monotonic", "direction", "zero_centred", "odd", "even", "saturates_left", "saturates_right", "dead_intervals"),
    *("lipschitz", "lipschitz_at", "limit_left", "limit_right", "smoothness", "kinks", "convex", "concave"),
    *("curvature", "mean", "gain", "slope_gain", "chi_1", "q_slope", "saturates"),
)
NARROWEST = 3.0  # half the width of the slider of a parameter that may be any number
STEPS = 200  # of a slider


def members(cards: Iterable[Card]) -> list[dict[str, Any]]:
    """The data of all members, in the order of their cards."""
    return [_member(card) for card in cards]


def scripts(names: Iterable[tuple[str, str]]) -> str:
    """A JavaScript object: kind and name -> value, slope and second slope as functions, null where there is none."""
    rows = []
    for kind, name in names:
        what = drawn(_spec(kind, name))
        made = ["null" if formula is None else function(formula, what.names) for formula in what.formulas]
        rows.append(f'"{kind}/{name}":[{",".join(made)}]')
    return "{" + ",\n".join(rows) + "}"


def _spec(kind: str, name: str) -> Activation | Loss:
    return losses[name] if kind == "loss" else activations[name]


def _member(card: Card) -> dict[str, Any]:
    spec = _spec(card["kind"], card["name"])
    what = drawn(spec)
    return {
        **_facts(card),
        **(_of_loss(card) if isinstance(spec, Loss) else _of_activation(card, spec)),
        "parameters": [_slider(spec, name, value, what) for name, value in what.fixed.items()],
        "low": what.low,
        "high": what.high,
        "axis": what.axis,
        "note": what.note,
        **_points(spec, what),
    }


def _facts(card: Card) -> dict[str, Any]:
    slope = card["derivative"]
    return {
        "kind": card["kind"],
        "name": card["name"],
        "aliases": card["aliases"],
        "about": card["summary"],
        "source": card["source"]["text"],
        "year": card["source"]["year"],
        "formula": mathml(card["formula"]["latex"]),
        "slope": mathml(slope["latex"]) if slope and slope.get("latex") else None,
        "vector": card["vector"],
        "code": card["code"],
        "torch": card["torch"],
        "certificate": certificate(card["name"]) if card["kind"] == "activation" else None,
    }


def _of_activation(card: Card, spec: Activation) -> dict[str, Any]:
    # kinks as the formula has them, so that a mean over its branches can be split there
    plain = not (spec.vector or spec.random)
    return {
        "range": {key: card["range"][key] for key in ("text", "lo", "hi")},
        "traits": {key: card["traits"][key] for key in TRAITS},
        "random": spec.random,
        "learnt": bool(spec.learnable),
        "branches": list(branch_points(spec, spec.parameters)) if plain else [],
        "stacks": bool(card["start"]),
        "uses": [[use["place"], use["why"]] for use in card["uses"]],
    }


def _of_loss(card: Card) -> dict[str, Any]:
    return {
        "expects": card["expects"]["kind"],
        "targets": card["targets"]["in_words"],
        "target_kind": card["targets"]["kind"],
        "applies": card["applies"],
        "link": card["link"],
        "canonical": card["canonical_link"],
        "shape": card["shape"],
        "steps": [[mathml(step["latex"]), step["why"]] for step in card["derivation"]["steps"]],
    }


def _slider(spec: Activation | Loss, name: str, value: float, what: Drawn) -> dict[str, Any]:
    """A parameter, or an operand that stands still, with the ends of its slider."""
    operand = isinstance(spec, Loss) and name in spec.operands
    domain = spec.domain(name) if operand and isinstance(spec, Loss) else spec.domains.get(name, REAL)
    reach = max(NARROWEST, 2 * abs(value))
    lo, hi = _ends(domain, value, reach)
    return {"name": name, "argument": letter(name), "default": value, "lo": lo, "hi": hi, "step": (hi - lo) / STEPS}


def _ends(domain: Interval, value: float, reach: float) -> tuple[float, float]:
    """The ends of a slider: within the domain, and near the default."""
    lo, hi = max(domain.lo, value - reach), min(domain.hi, value + reach)
    inside = (hi - lo) / STEPS
    lo += 0.0 if domain.contains(lo) else inside
    hi -= 0.0 if domain.contains(hi) else inside
    return lo, hi


def _points(spec: Activation | Loss, what: Drawn) -> dict[str, Any]:
    """The points of a curve that no formula draws; a note says so."""
    if what.formulas[0] is not None or not isinstance(spec, Loss):
        return {"points": None}
    from neurologist.functional import losses as computed
    from neurologist.functional.curves import curve

    found = curve(computed[spec.name])
    if found is None:
        return {"points": None}
    lists = {"x": found.x.tolist(), "value": finite(found.value.tolist()), "slope": finite(found.slope.tolist())}
    ends = {"low": float(found.x[0]), "high": float(found.x[-1])}
    assert all(map(isfinite, ends.values()))
    return {"points": lists, **ends, "axis": found.axis, "note": found.note}
