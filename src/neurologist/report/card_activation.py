"""An activation's card: everything that is known of it, as one plain dict.

May import: `catalogue`, `theory`, those parts of `functional` that need no torch, `report.card_words`,
`report.card_uses`. To add a fact: a key here; JSON has it at once, the other views where they name it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from neurologist.catalogue import Activation, FormulaError, Interval, Source
from neurologist.catalogue.differentiate import differentiate
from neurologist.catalogue.interval import REAL
from neurologist.functional.code import code
from neurologist.functional.latex import latex
from neurologist.report import card_words as words
from neurologist.report.card_uses import asking, uses
from neurologist.theory.numeric import value_and_slope
from neurologist.theory.traits import Traits, traits

Card = dict[str, Any]

POINTS = (-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)  # of the table of values
ENTRIES = "one entry of two varies, the other stands at {:g}: range, slopes and gains are that entry's"


def activation_card(spec: Activation, summary: str) -> Card:
    """The card of an activation.

    Args:
        spec: its entry in the catalogue, or your own function's.
        summary: what it is, in a sentence.
    """
    found = traits(spec)
    before, within = asking(spec)
    stacks = not spec.vector or spec.widens != 1  # what spreads one sum over a vector stands between no layers
    return {
        "kind": "activation",
        "name": spec.name,
        "aliases": list(spec.aliases),
        "summary": summary,
        "formula": _formula(spec.formula, spec),
        "parameters": parameters(spec),
        "vector": spec.vector,
        "vector_note": ENTRIES.format(spec.beside) if spec.vector else None,
        "random": _drawn(spec),
        "source": source(spec.source),
        "range": interval(found.range),
        "traits": _plain(found),
        "in_words": [list(pair) for pair in words.traits_in_words(spec, found)],
        "derivative": _derivative(spec, found),
        "second_derivative": _second(spec, found),
        "values": _values(spec),
        "start": [list(pair) for pair in words.start_in_words(found)] if stacks else [],
        "warning": words.warning(found) if stacks else None,
        "uses": [{"place": place, "why": why} for place, why in uses(spec, found)],
        "link_of": [loss.name for loss in before],
        "applied_by": [loss.name for loss in within],
        "torch": _torch(spec),
        "code": code(spec),
        "cost": None,  # measured when asked for
    }


def interval(found: Interval) -> dict[str, Any]:
    """An interval, as text and in its parts."""
    return {"text": words.interval(found), **asdict(found)}


def source(of: Source) -> dict[str, Any]:
    """Where it was published."""
    return {"text": str(of), **asdict(of)}


def _drawn(spec: Activation) -> str | None:
    if not spec.random:
        return None
    return "training draws its slope at random" if spec.noise is None else "training adds noise to its input"


def parameters(spec: Any) -> list[dict[str, Any]]:
    """Names, defaults, where they must lie, and whether the source learns them."""
    learnable = getattr(spec, "learnable", ())
    return [
        {
            "name": name,
            "default": value,
            "domain": interval(spec.domains.get(name, REAL)),
            "learnable": name in learnable,
        }
        for name, value in spec.parameters.items()
    ]


def _formula(text: str, spec: Activation, left: str = "") -> dict[str, str]:
    return {"text": text, "latex": latex(text, spec, left)}


def _plain(found: Traits) -> dict[str, Any]:
    """The traits as plain data."""
    plain = asdict(found)
    plain["range"] = words.interval(found.range)
    plain["dead"] = words.interval(found.dead) if found.dead else None
    plain["dead_intervals"] = [words.interval(zone) for zone in found.dead_intervals]
    return {**plain, "saturates": found.saturates, "stable_fixed_point": found.stable_fixed_point}


def _derivative(spec: Activation, found: Traits) -> dict[str, Any]:
    try:
        own: dict[str, Any] = _formula(spec.derivative, spec)
    except FormulaError:  # the slope of a function of vectors may have no formula in its input
        own = {"text": None, "latex": None}
    by_output = spec.derivative_from_output
    return {
        **own,
        "of_output": _formula(by_output, spec) if by_output is not None else None,
        "of": "the diagonal of the Jacobian" if spec.vector else "every entry",
        "largest": found.lipschitz,
        "largest_at": found.lipschitz_at,
        "largest_in_words": words.steepest(spec, found),
    }


def _second(spec: Activation, found: Traits) -> dict[str, Any] | None:
    if spec.vector:
        return None
    return {**_formula(differentiate(spec.derivative, "x"), spec), "largest": found.curvature}


def _values(spec: Activation) -> list[dict[str, float]]:
    import numpy as np

    x = np.array(POINTS)
    value, slope = value_and_slope(spec, spec.parameters)
    rows = zip(x.tolist(), value(x).tolist(), slope(x).tolist(), strict=True)
    return [{"x": at, "value": y, "slope": dy} for at, y, dy in rows]


def _torch(spec: Activation) -> dict[str, Any] | None:
    if spec.torch_function is None:
        return None
    return {
        "function": f"torch.nn.functional.{spec.torch_function}",
        "arguments": dict(spec.torch_arguments),
        "exact": spec.exact_in_torch,
    }
