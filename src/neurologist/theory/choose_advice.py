"""What example targets say beyond their kind: rare classes, outliers, scales, and how they were read.

May import: `catalogue`, `theory`; NumPy inside functions. To notice one thing more: a generator in `ADVICE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log10

from neurologist.catalogue import Loss
from neurologist.catalogue.interval import UNIT
from neurologist.theory.choose_head import Head, before, stretched
from neurologist.theory.choose_loss import WRONG, losses_for, robust
from neurologist.theory.choose_targets import Targets

RARE = 0.2  # share of a class below which it needs help
FAR_OUT = 0.5  # share of the squared deviations that the farthest hundredth of the targets may have
DECADES = 3.0  # powers of ten from the smallest target to the largest
UNSCALED = 10.0  # times the size of about 1 that a fresh output has
OVERDISPERSED = 2.0  # variance over mean, which is 1 for a Poisson distribution
HUNDRED = 100  # targets, from which on a hundredth of them is one


def advice(head: Head, fitting: list[Loss], targets: Targets | None, inferred: str) -> tuple[str, ...]:
    """Sentences, in the order of `ADVICE`."""
    notes = []
    if inferred:
        notes.append(f"Read as {head.kind}: {inferred}. If that is wrong, name the kind instead of 'output'.")
    if head.interval.bounded and not head.raw:
        notes.append(_other_way(head))
    if targets is not None:
        notes += [said for look in ADVICE for said in look(head, fitting, targets)]
    return tuple(notes)


def _other_way(head: Head) -> str:
    """The loss for probabilities, on targets brought into [0, 1]."""
    low, high = head.interval.lo, head.interval.hi
    loss = losses_for("probability", UNIT)[0]
    other = Head(head.kind, UNIT, loss, before(loss, UNIT))
    moved = "t" if low == 0 else f"(t {'-' if low > 0 else '+'} {abs(low):g})"
    return (
        f"Or give {moved} / {high - low:g} to {loss.name}, without an activation, and predict "
        f"{stretched(other.code, low, high)}: its slope at a score {WRONG:g} off is {other.slope_when_wrong:.3g}, "
        f"not {head.slope_when_wrong:.2g}, so that confident mistakes mend too."
    )


def _coding(head: Head, fitting: list[Loss], targets: Targets) -> Iterator[str]:
    if targets.coded:
        yield f"{head.loss.name} takes 0 and 1: turn your targets -1 and 1 into (t + 1) / 2."
    if head.loss.target_kind == "class_index" and not targets.hot and not targets.whole_type:
        yield f"{head.loss.name} takes indices as integers: convert yours, as in targets.long()."


def _rare(head: Head, fitting: list[Loss], targets: Targets) -> Iterator[str]:
    if head.loss.target_kind == "probability" and "pos_weight" in head.loss.parameters and targets.whole:
        share = float((targets.values > 0).mean())
        if 0 < share < RARE:
            weight = 1 / share - 1
            yield f"{share:.2g} of your targets are 1: pos_weight = {weight:.3g} lets both values weigh the same."
    if head.loss.target_kind == "class_index":
        shares = targets.shares()
        rarest = int(shares.argmin())
        if 0 < shares[rarest] < RARE / len(shares):
            yield (
                f"Class {rarest} has {shares[rarest]:.2g} of your targets: a network may do well without ever naming "
                "it; give the loss a weight per class, or look at each class's accuracy."
            )


def _scale(head: Head, fitting: list[Loss], targets: Targets) -> Iterator[str]:
    if head.loss.target_kind != "real" or head.interval.bounded or _spans(targets):
        return
    size = max(abs(targets.mean), targets.std)
    free = head.interval.lo == -head.interval.hi
    if free and not 1 / UNSCALED < targets.std <= size < UNSCALED:
        yield (
            f"Your targets have mean {targets.mean:.3g} and standard deviation {targets.std:.3g}, a fresh output about "
            f"0 and 1: train on (t - {targets.mean:.3g}) / {targets.std:.3g} and undo that in predictions."
        )
    elif not free and not 1 / UNSCALED < size < UNSCALED:
        yield f"Your targets are about {size:.3g} in size, a fresh output about 1: train on t / {targets.mean:.3g}."


def _outliers(head: Head, fitting: list[Loss], targets: Targets) -> Iterator[str]:
    other = robust(fitting) if head.loss.target_kind == "real" else None
    if other is None or targets.values.size < HUNDRED or _spans(targets):
        return
    share = targets.weight_of_farthest()
    if share > FAR_OUT:
        yield (
            f"The farthest hundredth of your targets makes {share:.2g} of {head.loss.name}: {other.name}, whose slope "
            "stays bounded, lets the others count too."
        )


def _span(head: Head, fitting: list[Loss], targets: Targets) -> Iterator[str]:
    if head.loss.target_kind == "real" and _spans(targets):
        span = log10(targets.interval.hi / targets.interval.lo)
        yield (
            f"Your targets span {span:.2g} powers of ten: {head.loss.name} sees only the largest; predict "
            "their logarithm, as an unbounded output."
        )


def _spans(targets: Targets) -> bool:
    return targets.interval.lo > 0 and log10(targets.interval.hi / targets.interval.lo) > DECADES


def _dispersion(head: Head, fitting: list[Loss], targets: Targets) -> Iterator[str]:
    if head.loss.target_kind == "count" and targets.mean > 0:
        ratio = targets.std**2 / targets.mean
        if ratio > OVERDISPERSED:
            yield (
                f"Their variance is {ratio:.3g} times their mean, where a Poisson distribution has 1: the mean is "
                "predicted well all the same, its uncertainty is not, unless the inputs explain the rest."
            )


ADVICE: tuple[Callable[[Head, list[Loss], Targets], Iterator[str]], ...] = (
    _coding,
    _rare,
    _scale,
    _outliers,
    _span,
    _dispersion,
)
