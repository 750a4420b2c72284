"""What the page draws of a member: value, slope and second slope as formulas of one number, and where to draw them.

Of a function of vectors one entry varies, as in every plot of one (`functional.curves`). Where a loss compares what
its formula cannot say (pairs of a batch, sequences), the points of its curve are all there is.
May import: `catalogue`, `functional` without torch, `theory`, `atlas.unroll`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import neurologist.functional.curves as curves
from neurologist.atlas.unroll import unroll
from neurologist.catalogue import Activation, FormulaError, Loss
from neurologist.catalogue.differentiate import differentiate


@dataclass(frozen=True)
class Drawn:
    """Formulas and where to draw them.

    Attributes:
        formulas: value, slope and second slope; None where there is no formula.
        names: what they take, what varies first.
        fixed: the names that stand still -> where.
        low: left end of the plot.
        high: right end.
        axis: what varies.
        note: where everything else stands; "" where there is nothing else.
    """

    formulas: tuple[str | None, str | None, str | None]
    names: tuple[str, ...]
    fixed: dict[str, float]
    low: float
    high: float
    axis: str
    note: str = ""


def drawn(spec: Activation | Loss) -> Drawn:
    """What is drawn of a member."""
    return _of_loss(spec) if isinstance(spec, Loss) else _of_activation(spec)


def _of_activation(spec: Activation) -> Drawn:
    note = ""
    if spec.vector:
        pair = {"x": ["x", repr(spec.beside)]}
        value = unroll(spec.value, pair)[0]
        only_first = ["1", *["0"] * (int(2 * spec.widens) - 1)]
        slope = unroll(str(spec.pullback), {**pair, "g": only_first})[0]
        other = "the second half" if spec.widens < 1 else "the other entry"
        note = f"of two entries one varies, {other} stands at {spec.beside:g}"
    else:
        value, slope = spec.value, spec.derivative
    second = _slope(slope, "x")
    names = ("x", *spec.parameters)
    return Drawn((value, slope, second), names, dict(spec.parameters), curves.LOW, curves.HIGH, "x", note)


def _slope(formula: str | None, by: str) -> str | None:
    """The derivative of a formula; None where it grows too long to be read."""
    try:
        return None if formula is None else differentiate(formula, by)
    except FormulaError:
        return None


def _of_loss(spec: Loss) -> Drawn:
    setting = curves.setting(spec)
    if setting is None:
        return Drawn((None, None, None), (), {}, 0.0, 1.0, spec.symbol)
    fixed = dict(spec.parameters)
    if spec.vector:
        value = unroll(spec.value, setting.entries)[0]
        # of the textbook's form: where two entries tie, the stable one's branches differ, though there is no kink; and
        # of the whole curve, not the partial slope that `stable_derivative` is: the other entry may depend on this one
        slope = _slope(unroll(spec.formula, setting.entries)[0], spec.symbol)
    else:
        fixed |= {letter: float(entries[0]) for letter, entries in setting.entries.items() if letter != spec.symbol}
        value, slope = spec.value, spec.stable_derivative or _slope(spec.value, spec.symbol)
    names = (spec.symbol, *(name for name in fixed if name != spec.symbol))
    return Drawn(
        (value, slope, _slope(slope, spec.symbol)),
        names,
        fixed,
        setting.low,
        setting.high,
        spec.symbol,
        setting.note if spec.vector else "",
    )


def finite(values: list[float]) -> list[float | None]:
    """Numbers for the page: six digits, None where there is none."""
    return [float(f"{value:.9g}") if isfinite(value) else None for value in values]
