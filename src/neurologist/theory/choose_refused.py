"""What not to put before a loss, and why: by intervals, dead zones, and the slope that a mistake leaves to learn from.

May import: `catalogue`, `theory`. To refuse for one more reason: a line in `_unfit` or `_poor`.
"""

from __future__ import annotations

from neurologist.catalogue import Activation, Interval, Loss, activations, losses
from neurologist.theory.choose_loss import WRONG, floor, losses_for, slope_when_wrong
from neurologist.theory.choose_made import Avoid
from neurologist.theory.choose_numbers import common
from neurologist.theory.choose_targets import Targets
from neurologist.theory.pairing import fits
from neurologist.theory.traits import traits

WEAK = 0.01  # of the best loss's slope at the same mistake
NOTICED = 0.01  # a lowest loss above it shows in training
GUESSED = 10  # classes, where nobody says how many


def failing(loss: Loss, spec: Activation, interval: Interval, targets: Targets | None, classes: int) -> list[Avoid]:
    """Functions that people meet and that do not fit before `loss`, with the number that shows it."""
    links = {other.link for other in losses.values()}
    met = [other for other in activations.values() if (common(other) or other.name in links) and other is not spec]
    found = (_unfit(other, loss, interval, targets, classes) or _poor(other, loss, interval) for other in met)
    return sorted((one for one in found if one is not None), key=_worst_first)


def _worst_first(one: Avoid) -> tuple[str, float, str]:
    return one.problem, -one.value if isinstance(one.value, float) else 0.0, one.name


def _unfit(other: Activation, loss: Loss, interval: Interval, targets: Targets | None, classes: int) -> Avoid | None:
    """What `theory.fits` has against it."""
    problem, reach = fits(other, loss, interval).problem, str(other.range)
    if problem in ("applied-twice", "squashed-logits"):
        lowest, many = floor(loss, other, classes), f" with {classes} classes" if loss.vector else ""
        if lowest > NOTICED:
            return Avoid(
                other.name,
                problem,
                lowest,
                f"by how much {loss.name}{many} stays above the lowest that raw scores reach",
                True,
            )
        return Avoid(other.name, problem, reach, f"range; {loss.name} needs raw scores in {loss.predictions}", True)
    if problem == "excludes-targets" and targets is not None and (share := targets.outside(other.range.closure())) > 0:
        return Avoid(other.name, problem, share, "share of your targets that it never reaches", True)
    if problem == "excludes-targets":
        return Avoid(other.name, problem, reach, f"range; targets may lie anywhere in {interval}", True)
    if problem == "leaves-domain":
        return Avoid(other.name, problem, reach, f"range; {loss.name} needs predictions in {loss.predictions}", True)
    return None


def _poor(other: Activation, loss: Loss, interval: Interval) -> Avoid | None:
    """What is wrong with one that fits."""
    if loss.wants_logits or other.vector:
        return None
    zones = traits(other).dead_intervals
    if zones:
        said = " and ".join(map(str, zones))
        return Avoid(
            other.name, "dead", said, "slope 0 there; a wrong prediction that starts in it is never mended", True
        )
    if not other.range.issubset(interval.closure()):
        return Avoid(other.name, "leaves-targets", str(other.range), f"range; no target lies outside {interval}", True)
    return None


def pairs(loss: Loss, link: str, interval: Interval) -> list[Avoid]:
    """Losses of an error behind the function that makes the predictions, where a mistake leaves them no slope."""
    spec = activations.get(link)
    if not loss.wants_logits or loss.vector or spec is None or spec.vector:
        return []
    best = slope_when_wrong(loss, activations["identity"], interval)
    found = []
    for other in losses_for("real", interval):
        slope = slope_when_wrong(other, spec, interval)
        if fits(spec, other) and slope < WEAK * best:
            means = f"slope at a score {WRONG:g} off, where {loss.name} has {best:.3g}"
            found.append(Avoid(f"{spec.name} + {other.name}", "saturates", slope, means, True))
    return found
