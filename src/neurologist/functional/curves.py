"""Points of a function's value and slope, to be drawn: what every plot of one is made of.

Of a loss, one prediction varies and the rest stands still; `Curve.note` says where.
May import: `catalogue`, `theory.numeric`, `functional`; NumPy inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from neurologist.catalogue import Loss
from neurologist.functional.function import Function
from neurologist.functional.loss import LossFunction
from neurologist.theory.numeric import value_and_slope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LOW, HIGH = -5.0, 5.0  # where most functions do what they are known for
POINTS = 401
REACH = 4.0  # distance from the target to which an unbounded prediction goes
EDGE = 0.05  # distance from the ends of a domain, where a loss may be infinite
STEP = 1e-6  # of the central differences for the slope of a loss
TURNS = 181  # points where each is a batch of its own


@dataclass(frozen=True)
class Curve:
    """One function's value and slope along a line.

    Attributes:
        name: the function's.
        x: where.
        value: the value there.
        slope: the derivative by what varies.
        axis: what varies.
        labels: what value and slope are called.
        note: where everything else stands; "" where there is nothing else.
    """

    name: str
    x: Array
    value: Array
    slope: Array
    axis: str
    labels: tuple[str, str]
    note: str = ""


def curve(function: Function | LossFunction, lo: float | None = None, hi: float | None = None) -> Curve | None:
    """The curve of an activation over [lo, hi], or of a loss over its predictions; None where nothing can be drawn."""
    if isinstance(function, Function):
        return _of_activation(function, LOW if lo is None else lo, HIGH if hi is None else hi)
    return _of_loss(function, lo, hi)


@dataclass(frozen=True)
class Setting:
    """How a loss is drawn, for whoever computes its curve from its formula.

    Attributes:
        entries: letter of the formula -> the formulas of its entries; of one entry where it is a number.
        low: left end of the plot.
        high: right end.
        note: where everything stands that does not vary.
    """

    entries: Mapping[str, list[str]]
    low: float
    high: float
    note: str


def setting(spec: Loss) -> Setting | None:
    """How a loss is drawn; None where its formula alone does not say what is computed."""
    import numpy as np

    if spec.delegated or spec.held or (spec.target_kind == "none" and spec.operands == ("a", "b")):
        return None
    low, high = _ends(spec)
    entries = {letter: _in_words(spec, letter) for letter in spec.operands}
    if spec.prepared:
        made = [_prepared(spec, np.full(1, at)) for at in (0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high)]
        if made[0] is None or made[0] != made[1]:  # it is made from the prediction itself
            return None
        entries |= made[0]
    return Setting(entries, low, high, _note(spec))


def _in_words(spec: Loss, letter: str) -> list[str]:
    """The formulas of an operand's entries."""
    import numpy as np

    if letter == spec.symbol:
        return [letter, _beside(spec, np.zeros(1))[1]] if spec.vector else [letter]
    return [repr(float(entry)) for entry in np.ravel(_operand(spec, letter, np.zeros(1))[0])]


def _prepared(spec: Loss, x: Array) -> dict[str, list[str]] | None:
    """What a loss makes from its operands, as formulas; None where it has no step of its own for that."""
    import numpy as np

    from neurologist.functional.loss_prepare import OPTIONS, prepare

    if spec.prepare is None:
        return None
    given = {letter: _operand(spec, letter, x)[0] for letter in spec.operands}
    with np.errstate(all="ignore"):
        made = prepare(spec.prepare, "array", given, 1, OPTIONS.get(spec.prepare, {}))
    return {name: [repr(float(entry)) for entry in np.ravel(made[name])] for name in spec.prepared}


def _of_activation(function: Function, lo: float, hi: float) -> Curve:
    import numpy as np

    if not lo < hi:
        raise ValueError(f"plotting {function.name!r} got the range from {lo:g} to {hi:g}: expected lo < hi")
    spec, x = function.spec, np.linspace(lo, hi, POINTS)
    value, slope = value_and_slope(spec, spec.parameters)
    note = ""
    if spec.vector:
        other = "the second half" if spec.widens < 1 else "the other entry"
        note = f"of two entries one varies, {other} stands at {spec.beside:g}"
    return Curve(function.name, x, value(x), slope(x), "x", ("f(x)", "f'(x)"), note)


def _of_loss(loss: LossFunction, lo: float | None, hi: float | None) -> Curve | None:
    import numpy as np

    spec = loss.spec
    if spec.delegated:
        return None
    in_batches = spec.target_kind == "none" and spec.operands == ("a", "b")
    low, high = (-np.pi, np.pi) if in_batches else _ends(spec)
    x = np.linspace(low if lo is None else lo, high if hi is None else hi, TURNS if in_batches else POINTS)
    at, note = _batches(loss) if in_batches else _rows(loss)
    with np.errstate(all="ignore"):
        value, slope = at(x), (at(x + STEP) - at(x - STEP)) / (2 * STEP)
    axis = "angle" if in_batches else spec.symbol
    return Curve(loss.name, x, value, slope, axis, ("L", f"dL/d{axis}"), note)


def _ends(spec: Loss) -> tuple[float, float]:
    domain = spec.domain(spec.symbol)
    return (
        domain.lo + EDGE if isfinite(domain.lo) else min(1.0, domain.hi) - REACH,
        domain.hi - EDGE if isfinite(domain.hi) else max(1.0, domain.lo) + REACH,
    )


def _batches(loss: LossFunction) -> tuple[Callable[[Array], Array], str]:
    """Losses that compare all pairs of a batch: the first pair's angle varies, the second pair agrees."""
    import numpy as np

    def at(angles: Array) -> Array:
        ones = np.array([[1.0, 0.0], [0.0, 1.0]])
        turned = [np.array([[np.cos(angle), np.sin(angle)], [0.0, 1.0]]) for angle in angles]
        return np.array([float(loss(first, ones)) for first in turned])

    return at, "of two pairs the first is turned against its partner, the second agrees"


def _rows(loss: LossFunction) -> tuple[Callable[[Array], Array], str]:
    """All others: one prediction varies, in a row of its own."""
    import numpy as np

    spec = loss.spec

    def at(x: Array) -> Array:
        given = [_operand(spec, letter, x)[0] for letter in spec.operands]
        found: Array = np.asarray(loss(*given, reduction="none", check=False), dtype=float)
        return found

    return at, _note(spec)


def _note(spec: Loss) -> str:
    import numpy as np

    others = [(letter, _operand(spec, letter, np.zeros(1))[1]) for letter in spec.operands]
    return ", ".join(f"{letter} = {text}" for letter, text in others if text)


def _operand(spec: Loss, letter: str, x: Array) -> tuple[Any, str]:
    """One operand in all rows, and what it is; "" for a number that varies."""
    import numpy as np

    varies = letter == spec.symbol
    if not spec.vector or spec.shapes.get(letter) == "row":
        still = _still(spec, letter)
        return (x, "") if varies else (np.full(x.shape, still), f"{still:g}")
    if letter == "t":
        if spec.along == "classes":
            return np.zeros(x.shape, int), "class 0 of two"
        first = np.array([0, -1] if spec.target_kind == "class_index" else [1.0, 0.0])
        return np.broadcast_to(
            first, (*x.shape, 2)
        ), "class 0 of two" if spec.target_kind == "class_index" else "(1, 0)"
    if not varies:
        first = np.array([1.0, 0.5] if letter == spec.operands[1] else [-1.0, 0.5])
        return np.broadcast_to(first, (*x.shape, 2)), f"({first[0]:g}, {first[1]:g})"
    other, text = _beside(spec, x)
    return np.stack([x, other], -1), f"({letter}, {text})"


def _beside(spec: Loss, x: Array) -> tuple[Array, str]:
    """The entry beside the one that varies: what makes a distribution of two classes, else 0 or 0.5."""
    import numpy as np

    if spec.along == "classes" and spec.expects == "probabilities":
        return 1 - x, f"1 - {spec.symbol}"
    if spec.along == "classes" and spec.expects == "log_probabilities":
        with np.errstate(all="ignore"):
            return np.log(-np.expm1(np.minimum(x, -1e-9))), f"log(1 - exp({spec.symbol}))"
    return (np.zeros(x.shape), "0") if spec.expects == "logits" else (np.full(x.shape, 0.5), "0.5")


def _still(spec: Loss, letter: str) -> float:
    """Where a number stands that does not vary: targets at 1, predictions at 0 where they may be 0."""
    return 0.0 if letter != "t" and spec.domain(letter).contains(-1e-9) else 1.0
