"""Where a function is used, derived: from its range, its slopes, and the losses that ask for it.

Nothing here names a function: a predicate looks at what is computed or declared of it. May import: `catalogue`,
`theory`, `report.card_words`; NumPy inside functions. To add a place: a function of (spec, traits), named in `PLACES`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import inf, isfinite

from neurologist.catalogue import Activation, Loss, losses
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula
from neurologist.catalogue.interval import UNIT, Interval
from neurologist.report.card_words import DEPTH, digits, gradient_over
from neurologist.theory.traits import Traits

DECADE = 10.0  # factor on a gradient beyond which first and last layers train at odds
DRIFT = 2.0  # growth of a small departure from unit size that needs no normalisation yet
CENTRED = Interval(-1.0, 1.0, True, True)
SCORES = (0.3, -1.2, 2.0, 0.7)
TARGETS = {  # what an output predicts, by the kind of the targets of the losses that ask for it
    "class_index": "one of several classes",
    "distribution": "soft labels",
    "probability": "yes or no",
    "sign": "two classes",
    "count": "counts",
    "real": "real numbers",
}

Use = tuple[str, str]  # a place, and why


def uses(spec: Activation, found: Traits) -> list[Use]:
    """(place, why) pairs, the most telling first."""
    return [use for place in PLACES for use in [place(spec, found)] if use is not None]


def asking(spec: Activation) -> tuple[list[Loss], list[Loss]]:
    """The losses whose natural link this is, and those that apply it themselves."""
    every = list(losses.values())
    return (
        [loss for loss in every if loss.applies is None and loss.link == spec.name],
        [loss for loss in every if loss.applies == spec.name],
    )


def output(spec: Activation, found: Traits) -> Use | None:
    """Before a loss."""
    before, within = asking(spec)
    if not before and not within:
        return None
    asked = Counter(TARGETS[loss.target_kind] for loss in before + within if loss.target_kind in TARGETS)
    kinds = [kind for kind, _ in asked.most_common()]
    why = [f"the link of {_names(before)}"] if before else []
    why += [f"applied by {_names(within)}" + (" themselves" if len(within) > 1 else " itself")] if within else []
    return f"output: {', '.join(kinds) or 'embeddings'}", "; ".join(why)


def attention(spec: Activation, found: Traits) -> Use | None:
    """Weights that add up to 1."""
    import numpy as np

    if not spec.vector or spec.widens != 1 or not spec.range.issubset(UNIT):
        return None
    with np.errstate(all="ignore"):
        y = compile_formula(spec.value, arrays())({**spec.parameters, "x": np.array(SCORES)})
    most = "smallest" if found.direction == "decreasing" else "largest"
    why = f"not negative, adding up to 1; the {most} score weighs most"
    return ("attention weights", why) if abs(float(np.sum(y)) - 1) < 1e-12 else None


def gate(spec: Activation, found: Traits) -> Use | None:
    """From shut to open."""
    fits = not spec.vector and spec.range.closure() == UNIT and found.direction == "increasing"
    return ("gates", "goes from 0 (shut) to 1 (open)") if fits and isfinite(found.lipschitz) else None


def state(spec: Activation, found: Traits) -> Use | None:
    """Bounded and centred."""
    fits = not spec.vector and spec.range.closure() == CENTRED and found.odd and found.direction == "increasing"
    return ("recurrent states", "bounded by -1 and 1, centred on 0") if fits and isfinite(found.lipschitz) else None


def gated_block(spec: Activation, found: Traits) -> Use | None:
    """Vectors in, not probabilities out."""
    if spec.widens < 1:
        return "feed-forward blocks", "one half of its input meets the other"
    competes = spec.vector and spec.widens == 1 and spec.range.hi == inf
    return ("feed-forward blocks", "entries of a vector compete") if competes else None


def shrinkage(spec: Activation, found: Traits) -> Use | None:
    """Small inputs become 0."""
    zone = found.dead
    inside = zone is not None and isfinite(zone.width) and zone.contains(0.0) and zone.lo < 0 < zone.hi
    return ("sparse codes", "odd, and exactly 0 around 0") if inside and found.odd and not spec.vector else None


def radial(spec: Activation, found: Traits) -> Use | None:
    """A bump."""
    bump = found.even and found.limit_left == 0 and found.limit_right == 0
    return ("radial basis functions", "even, and gone far from its centre") if bump else None


def periodic(spec: Activation, found: Traits) -> Use | None:
    """It comes again."""
    swings = found.limit_left is None and found.limit_right is None and spec.range.bounded
    return ("coordinates and signals", "oscillates: resolves fine detail") if swings else None


def positive(spec: Activation, found: Traits) -> Use | None:
    """Outputs that must be above 0."""
    above = spec.range.lo == 0 and not spec.range.lo_closed and spec.range.hi == inf
    fits = above and found.direction == "increasing" and not spec.vector
    return ("output: scales and rates", "positive, unbounded, never flat") if fits else None


def hidden(spec: Activation, found: Traits) -> Use | None:
    """Between layers: how deep a stack of it trains."""
    if spec.vector:
        return None
    if found.curvature == 0 and found.smoothness == inf:
        return "not hidden layers", "linear: any number of layers is one matrix"
    if found.smoothness < 0:
        return "hard decisions", "the function jumps, and no slope tells of it"
    factor = gradient_over(found)
    told = f"over {DEPTH} layers the gradient is multiplied by {digits(factor)}"
    if found.saturates_left and found.saturates_right and factor > 1 / DECADE:
        return "shallow hidden layers", f"saturates on both sides; {told}"
    if not 1 / DECADE <= factor <= DECADE:
        return "not deep hidden layers", f"the gradient {'vanishes' if factor < 1 else 'explodes'}: {told}"
    drift = abs(found.q_slope) ** DEPTH
    if drift > DRIFT:
        return (
            "hidden layers (normalised)",
            f"{told}, but a signal a little off ends {digits(drift)} times as far off",
        )
    return "hidden layers", told


PLACES: tuple[Callable[[Activation, Traits], Use | None], ...] = (
    output,
    attention,
    gate,
    state,
    gated_block,
    shrinkage,
    radial,
    periodic,
    positive,
    hidden,
)


def _names(of: list[Loss], most: int = 4) -> str:
    names = [loss.name for loss in of]
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
