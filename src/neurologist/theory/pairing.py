"""What fits what: an output activation and a loss, judged by their intervals and by the loss's own gradient.

There is no table of pairs: a range that leaves the loss's domain, or that cannot reach its targets, is seen from the
intervals that each side declares. May import: `catalogue`, `theory.traits`, `theory.numeric`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isclose, isnan
from typing import Any, Literal

from neurologist.catalogue import Activation, Interval, Loss, activations, losses
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula, evaluate
from neurologist.theory.traits import traits

Problem = Literal["applied-twice", "squashed-logits", "leaves-domain", "excludes-targets"]


@dataclass(frozen=True)
class Fit:
    """Whether an activation may stand before a loss, and what is wrong if not.

    Attributes:
        problem: "applied-twice": the loss applies this activation itself. "squashed-logits": the loss takes raw
            scores and this activation cuts their range. "leaves-domain": outputs that the loss is not defined for.
            "excludes-targets": targets that no output reaches. None where the two fit.
        message: subject, got, expected and next step; "" where the two fit.
        uncovered: the targets' interval where it is not reached; else None.
    """

    problem: Problem | None
    message: str = ""
    uncovered: Interval | None = None

    def __bool__(self) -> bool:
        return self.problem is None


FITS = Fit(None)


def fits(activation: Activation, loss: Loss, targets: Interval | None = None) -> Fit:
    """Whether `activation` may be the last one before `loss`.

    Args:
        activation: what produces the predictions.
        loss: what they are given to.
        targets: interval of the targets as observed; None leaves the question whether they can be reached.
    """
    reach = activation.range
    if loss.applies is not None:
        return _before_logits(activation, loss)
    if not reach.issubset(loss.predictions.closure()):
        return Fit(
            "leaves-domain",
            f"loss {loss.name!r} needs predictions in {loss.predictions}; {activation.name!r} gives {reach}: "
            f"use {loss.link!r}",
        )
    if targets is not None and loss.target_kind != "class_index" and not targets.issubset(reach.closure()):
        other = f"use {loss.link!r}, or " if loss.link != activation.name else ""
        message = f"targets lie in {targets}; {activation.name!r} gives only {reach}: {other}bring them into that range"
        return Fit("excludes-targets", message, uncovered=targets)
    return FITS


def _before_logits(activation: Activation, loss: Loss) -> Fit:
    """Raw scores must be able to take every value; a function with the real line as its range leaves them free."""
    if activation.name == loss.applies:
        message = f"loss {loss.name!r} applies {loss.applies!r} itself; it got the output of one: remove it"
        return Fit("applied-twice", message)
    # log_softmax is what softmax makes of itself: a second one changes nothing.
    if loss.predictions.issubset(activation.range) or _idempotent(activation, loss):
        return FITS
    return Fit(
        "squashed-logits",
        f"loss {loss.name!r} needs raw scores in {loss.predictions}; {activation.name!r} gives {activation.range}: "
        f"remove it",
    )


def _idempotent(activation: Activation, loss: Loss) -> bool:
    """Whether the loss's own activation gives the same from raw scores as from this activation's output."""
    if loss.applies is None or loss.applies not in activations:
        return False
    import numpy as np

    own = activations[loss.applies]
    if not (own.vector and activation.vector):
        return False
    run = compile_formula(own.value, arrays())
    scores = np.array([0.3, -1.2, 2.0, 0.7])
    output = compile_formula(activation.value, arrays())({"x": scores, **activation.parameters})
    once, twice = run({"x": scores, **own.parameters}), run({"x": output, **own.parameters})
    return bool(np.allclose(once, twice, rtol=1e-12))


def output_for(targets: Interval) -> tuple[str, ...]:
    """Monotonic activations whose range covers `targets`, by name; those that reach least beyond first.

    Of ranges that reach equally far, smooth ones stand before kinked ones, and links of losses before others.

    >>> output_for(Interval(0.0, inf))[0], output_for(Interval(0.0, 1.0))[0], output_for(Interval())[0]
    ('softplus', 'sigmoid', 'identity')
    """
    covering = [spec for spec in activations.values() if not spec.vector and targets.issubset(spec.range.closure())]
    monotonic = [spec for spec in covering if traits(spec).monotonic]
    links = {loss.link for loss in losses.values()}
    ranked = sorted(monotonic, key=lambda s: (_beyond(s.range, targets), not _smooth(s), s.name not in links, s.name))
    return tuple(spec.name for spec in ranked)


def _beyond(reach: Interval, targets: Interval) -> tuple[int, float]:
    """How far a range reaches beyond targets that it covers: ends without end, and the rest together."""
    both = (targets.lo - reach.lo, reach.hi - targets.hi)
    gaps = [gap for gap in both if not isnan(gap)]  # without end on both sides: not beyond
    return gaps.count(inf), sum(gap for gap in gaps if gap < inf)


def _smooth(spec: Activation) -> bool:
    return traits(spec).smoothness > 0


def canonical_link(loss: Loss) -> str | None:
    """The activation under which d loss / d preactivation = mean prediction - target; None where there is none.

    A loss that applies its activation itself is asked about that one, all others about their natural link.

    >>> from neurologist.catalogue import losses
    >>> [canonical_link(losses[name]) for name in ("bce", "cross_entropy", "poisson_nll", "mse")]
    ['sigmoid', 'softmax', 'exp', None]
    """
    linked = activations["identity" if loss.applies is not None else loss.link]
    scale = canonical_scale(linked, loss)
    return (loss.applies or loss.link) if scale == 1 else None


def canonical_scale(activation: Activation, loss: Loss) -> float | None:
    """The factor c with d loss / d preactivation = c (mean prediction - target), or None where there is none.

    The pair is canonical where c is 1 (McCullagh and Nelder, 1989). Computed by central differences of the two
    formulas; the loss's own activation is used where it applies one.

    >>> from neurologist.catalogue import activations, losses
    >>> canonical_scale(activations["sigmoid"], losses["bce"]), canonical_scale(activations["identity"], losses["mse"])
    (1.0, 2.0)
    """
    if len(loss.operands) != 2 or loss.target_kind in ("none", "sign") or (activation.vector and not loss.vector):
        return None
    try:
        scales = _vector_scales(activation, loss) if loss.vector else _scalar_scales(activation, loss)
    except (ValueError, ZeroDivisionError, OverflowError, KeyError, TypeError):  # outside a domain, or no such formula
        return None
    return round(scales[0], 6) if all(isclose(scale, scales[0], rel_tol=1e-5) for scale in scales) else None


def _scalar_scales(activation: Activation, loss: Loss) -> list[float]:
    def output(x: float) -> float:
        return evaluate(activation.value, {"x": x, **activation.parameters})

    def at(x: float, target: float) -> float:
        return evaluate(loss.value, {loss.symbol: output(x), "t": target, **loss.parameters})

    scales = []
    for x, target in POINTS:
        slope = (at(x + 1e-5, target) - at(x - 1e-5, target)) / 2e-5
        scales.append(float(slope / (_mean(loss, output(x)) - target)))  # a power of a negative number is complex
    return scales


POINTS = ((-1.1, 0.2), (0.4, 0.9), (0.8, 0.1), (1.3, 0.6))  # preactivations and targets, in every target's domain
SCORES, CLASSES = (0.3, -1.2, 2.0, 0.7), (0.1, 0.6, 0.05, 0.25)  # the same for vectors


def _vector_scales(activation: Activation, loss: Loss) -> list[float]:
    import numpy as np

    given = {**loss.parameters, "t": np.array(CLASSES), "y": np.array(CLASSES)}
    formula = compile_formula(loss.value, arrays())
    link = compile_formula(activation.value, arrays())

    def output(x: Any) -> Any:
        return link({"x": x, **activation.parameters})

    def at(x: Any) -> float:
        return float(np.sum(formula({**given, loss.symbol: output(x)})))

    x = np.array(SCORES)
    own = activations[loss.applies] if loss.applies else activations["identity"]
    with np.errstate(all="ignore"):  # outside the loss's domain: NaN is no scale
        mean = compile_formula(own.value, arrays())({"x": output(x), **own.parameters})
        mean = np.exp(mean) if loss.expects == "log_probabilities" else mean
        gaps = (mean - np.array(CLASSES)).tolist()
        slopes = [(at(x + unit) - at(x - unit)) / 2e-5 for unit in 1e-5 * np.eye(x.size)]
    return [slope / gap for slope, gap in zip(slopes, gaps, strict=True)]


def _mean(loss: Loss, prediction: float) -> float:
    """What the loss takes for the expected target: the prediction, after the function that it applies itself."""
    if loss.applies is None:
        return prediction
    if loss.applies not in activations:
        return evaluate(f"{loss.applies}(x)", {"x": prediction})
    own = activations[loss.applies]
    return evaluate(own.value, {"x": prediction, **own.parameters})
