"""Which loss belongs to an output, and what becomes of its slope behind an activation: by formulas alone.

May import: `catalogue`, `theory`; NumPy inside functions.
"""

from __future__ import annotations

from math import isclose, isfinite, nan
from typing import TYPE_CHECKING

from neurologist.catalogue import Activation, Interval, Loss, activations, losses
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula, free_names
from neurologist.catalogue.spec import TargetKind
from neurologist.theory.numeric import grid
from neurologist.theory.pairing import canonical_scale

if TYPE_CHECKING:
    from neurologist.theory.numeric import Array

WRONG = 10.0  # a score this far on the wrong side
FAR = 1e4  # stands for an end at infinity
STEP = 1e-4  # of differences


def losses_for(kind: TargetKind, targets: Interval) -> list[Loss]:
    """Losses that torch has for predictions and targets of this kind and that need nothing else, the best first.

    A loss for just these targets stands before one for more; then one whose slope by the score is prediction - target,
    up to a factor; then one that takes raw scores, as nothing is rounded on the way; then the older one.
    """
    fitting = [loss for loss in losses.values() if _takes(loss, kind, targets)]
    return sorted(fitting, key=lambda loss: tuple(number for number, _ in judged(loss, targets)))


def _takes(loss: Loss, kind: TargetKind, targets: Interval) -> bool:
    exact = loss.target_kind == "probability" and loss.targets.closure() == targets
    known = {loss.symbol, "t", "y", *loss.parameters}
    if loss.torch_function is None or len(loss.operands) != 2 or not free_names(loss.value) <= known:
        return False
    if loss.vector != (kind == "class_index") or (loss.vector and loss.along != "classes"):
        return False
    return (loss.target_kind == kind or (kind == "real" and exact)) and targets.issubset(loss.targets.closure())


def judged(loss: Loss, targets: Interval) -> tuple[tuple[float, str], ...]:
    """What a loss is ranked by, the weightiest first: a number, less is better, and what to say where it is more."""
    linked = activations["identity" if loss.wants_logits else loss.link]
    return (
        (loss.targets.closure() != targets, f"made for targets in {loss.targets}"),
        (canonical_scale(linked, loss) is None, "its slope is not proportional to the error"),
        (not loss.wants_logits, "predictions are rounded before the loss reads them"),
        (loss.source.year, "as good; published later"),
    )


def same_as(one: Loss, before: Activation, other: Loss, before_other: Activation) -> bool:
    """Whether two pairs of activation and loss are the same function of the score."""
    points = ((-1.3, 0.0), (0.4, 1.0), (2.1, 1.0))
    return one.vector == other.vector and all(
        isclose(value_of(one, before, *at), value_of(other, before_other, *at), rel_tol=1e-9) for at in points
    )


def link_of(loss: Loss) -> tuple[str, str]:
    """The function that makes predictions of raw scores, by name and as a formula in x."""
    name = loss.applies or loss.link
    return name, activations[name].value if name in activations else f"{name}(x)"


def value_of(loss: Loss, activation: Activation, score: float, target: float, classes: int = 2) -> float:
    """The loss of a score behind an activation; of vectors, one score among zeros, the target another class or 0."""
    import numpy as np

    given = dict(loss.parameters)
    x = np.zeros(classes) if loss.vector else np.array([score])
    x[0] = score
    with np.errstate(all="ignore"):
        output = compile_formula(activation.value, arrays())({**activation.parameters, "x": x})
        hot = np.eye(classes)[int(target)] if loss.vector else np.array([target])
        found = compile_formula(loss.value, arrays())({**given, loss.symbol: output, "t": hot, "y": hot})
    return float(np.sum(np.broadcast_to(found, (1,) if loss.vector else x.shape)))


def slope_of(loss: Loss, activation: Activation, score: float, target: float, classes: int = 2) -> float:
    """The absolute slope of that by the score."""
    high = value_of(loss, activation, score + STEP, target, classes)
    low = value_of(loss, activation, score - STEP, target, classes)
    found = abs(high - low) / (2 * STEP)
    return found if isfinite(found) else nan


def slope_when_wrong(loss: Loss, activation: Activation, targets: Interval, classes: int = 2) -> float:
    """The smaller slope of two wrong scores: far up while the target is lowest, and far down while it is highest."""
    if loss.vector:
        return slope_of(loss, activation, WRONG, 1, classes)
    low = targets.lo if isfinite(targets.lo) else 0.0
    high = targets.hi if isfinite(targets.hi) else WRONG if isfinite(targets.lo) else 0.0
    return min(slope_of(loss, activation, WRONG, low), slope_of(loss, activation, -WRONG, high))


def floor(loss: Loss, activation: Activation, classes: int) -> float:
    """How much lower the loss gets for raw scores than for those in the activation's range, at the worst target."""
    if loss.vector:  # the right class at the upper end, all others at the lower; only differences count
        identity, ends = activations["identity"], [max(-FAR, min(FAR, x)) for x in _ends(activation)]
        return value_of(loss, identity, ends[1] - ends[0], 0, classes) - value_of(loss, identity, FAR, 0, classes)
    import numpy as np

    run, scores = compile_formula(loss.value, arrays()), grid()
    low, high = _ends(activation)
    inside = np.clip(scores, max(low, -FAR), min(high, FAR))

    def lowest(at: Array, target: float) -> float:
        with np.errstate(all="ignore"):
            return float(np.nanmin(run({**loss.parameters, loss.symbol: at, "t": target})))

    return max(lowest(inside, target) - lowest(scores, target) for target in (0.0, 1.0))


def _ends(activation: Activation) -> tuple[float, float]:
    return activation.range.lo, activation.range.hi


def robust(real: list[Loss]) -> Loss | None:
    """Of losses of an error, the oldest that is smooth at 0 and whose slope stays bounded."""
    identity = activations["identity"]

    def tail(loss: Loss) -> float:
        return slope_of(loss, identity, FAR, 0.0) / max(slope_of(loss, identity, FAR / 2, 0.0), 1e-300)

    bounded = [loss for loss in real if tail(loss) < 1.5]
    smooth = [loss for loss in bounded if slope_of(loss, identity, 2 * STEP, 0.0) < 0.1]
    return min(smooth, key=lambda loss: loss.source.year, default=None)
