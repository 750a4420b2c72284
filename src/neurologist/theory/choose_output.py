"""Outputs: the activation and the loss that fit what is predicted, from the intervals that both declare.

The loss comes first: of those that torch has for such targets, the one whose slope by the score is prediction - target.
Where it applies an activation itself, none stands before it; else the one whose range is the targets' interval.
May import: `catalogue`, `theory`. To add a kind of output: a line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log

from neurologist.catalogue import Interval
from neurologist.catalogue.interval import NON_NEGATIVE, REAL, UNIT
from neurologist.catalogue.spec import TargetKind
from neurologist.theory.choose_advice import advice
from neurologist.theory.choose_head import Head, before
from neurologist.theory.choose_loss import WRONG, judged, losses_for, same_as
from neurologist.theory.choose_made import Choice, Number, Option, Reason
from neurologist.theory.choose_refused import GUESSED, failing, pairs
from neurologist.theory.choose_targets import Targets
from neurologist.theory.pairing import canonical_scale
from neurologist.theory.traits import traits


@dataclass(frozen=True)
class Kind:
    """One kind of output: what its targets are, and where they lie; None where the caller must say."""

    targets: TargetKind
    interval: Interval | None


KINDS: Mapping[str, Kind] = {
    "binary": Kind("probability", UNIT),
    "multi-class": Kind("class_index", NON_NEGATIVE),
    "multi-label": Kind("probability", UNIT),
    "counts": Kind("count", NON_NEGATIVE),
    "non-negative": Kind("real", NON_NEGATIVE),
    "bounded": Kind("real", None),
    "unbounded": Kind("real", REAL),
}


def output(
    name: str, interval: Interval, targets: Targets | None, classes: int | None, dtype: str, inferred: str
) -> Choice:
    """The activation and the loss for one kind of output.

    Args:
        name: of `KINDS`.
        interval: where its targets lie.
        targets: examples of them.
        classes: how many there are, where that is known.
        dtype: what the network computes in.
        inferred: by what the kind was inferred from the targets; "" where it was named.
    """
    fitting = losses_for(KINDS[name].targets, interval)
    heads = [Head(name, interval, loss, before(loss, interval), classes) for loss in fitting]
    head = heads[0]
    bounds = interval if KINDS[name].interval is None else None
    return Choice(
        place=name,
        given={
            "within": bounds and str(bounds),
            "classes": classes,
            "targets": targets and str(targets),
            "dtype": dtype,
        },
        use=head.spec.name,
        predict=head.link[0],
        loss=head.loss.name,
        how=_how(head),
        reasons=_reasons(head, targets, dtype),
        options=tuple(Option(_pair(one), _numbers(one, dtype), _behind(one, head, dtype)) for one in heads),
        avoid=(
            *failing(head.loss, head.spec, interval, targets, classes or GUESSED),
            *pairs(head.loss, head.link[0], interval),
        ),
        notes=advice(head, [one.loss for one in heads], targets, inferred),
    )


def _pair(head: Head) -> str:
    return f"{head.spec.name} + {head.loss.name}"


def _how(head: Head) -> str:
    function = f"torch.nn.functional.{head.loss.torch_function}"
    if head.raw:
        scores = "scores" if head.loss.vector else "score"
        return f"{function} on the raw {scores}, with no activation before it; predict {head.code}"
    return f"{function} on the prediction, which is {head.code}"


def _scale(head: Head) -> float | None:
    return None if head.scaled else canonical_scale(head.spec, head.loss)


def _numbers(head: Head, dtype: str) -> dict[str, Number]:
    return {f"slope {WRONG:g} off": head.slope_when_wrong, "rounds from": None if head.raw else head.last_score(dtype)}


def _behind(one: Head, best: Head, dtype: str) -> str:
    if one is best:
        return ""
    if same_as(one.loss, one.spec, best.loss, best.spec):
        last = one.last_score(dtype)
        rounded = f": a score above {last:.3g} is rounded to {one.spec.range.hi:g} between them" if last else ""
        return f"the same loss in two steps{rounded}"
    pairs = zip(judged(one.loss, one.interval), judged(best.loss, best.interval), strict=True)
    return next(said for (mine, said), (first, _) in pairs if mine != first)


def _reasons(head: Head, targets: Targets | None, dtype: str) -> tuple[Reason, ...]:
    name, loss = head.link[0], head.loss
    observed = f", yours in {targets.interval}" if targets is not None and not loss.vector else ""
    wanted = "each is a class's share, and they add up to 1" if loss.vector else f"targets lie in {head.interval}"
    reasons = [Reason("predictions in", str(head.reaches), wanted + observed)]
    scale = _scale(head)
    if scale is not None:
        reasons.append(
            Reason("slope by the score", scale, "times (prediction - target): it fades only as the error does")
        )
    slope = head.slope_when_wrong
    reasons.append(Reason(f"slope at a score {WRONG:g} off", slope, "what a confident mistake leaves to learn from"))
    if not head.raw:
        zones = traits(head.spec).dead_intervals
        said = " and ".join(map(str, zones)) or "none"
        reasons.append(
            Reason("dead zone", said, "its slope is 0 on no interval" if not zones else "its slope is 0 there")
        )
    return (*reasons, *_in_dtype(head, dtype, name), *_from_targets(head, targets))


def _in_dtype(head: Head, dtype: str, name: str) -> list[Reason]:
    last = head.last_score(dtype)
    if last is None:
        return []
    if not isfinite(head.reaches.hi):
        return [Reason(f"largest score in {dtype}", last, f"beyond, {name} overflows")]
    means = f"from here on {name} rounds to {head.spec.range.hi if not head.raw else head.reaches.hi:g}"
    if head.raw and not head.loss.exact_in_torch:
        means += f", and torch's slope to 0 where that is right; nl.losses[{head.loss.name!r}] keeps it"
    return [Reason(f"score resolved in {dtype}", last, means)]


def _from_targets(head: Head, targets: Targets | None) -> list[Reason]:
    if targets is None:
        known = log(head.classes) if head.classes else None
        return [Reason("loss of a guess", known, "ln(classes): a fresh network is near it")] if known else []
    constant = "each class's share" if head.loss.vector else "the targets' mean"
    reasons = [Reason("loss of a guess", head.uninformed(targets), f"always predicting {constant}: stay below it")]
    start = head.score_of(targets.mean)
    if start is not None:
        reasons.append(
            Reason("start the last bias at", start, f"so that the first prediction is their mean, {targets.mean:.3g}")
        )
    return reasons
