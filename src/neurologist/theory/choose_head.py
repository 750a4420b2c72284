"""An output under construction: its activation, its loss, and the numbers that follow from the two.

May import: `catalogue`, `theory`; NumPy inside functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from neurologist.catalogue import Activation, Interval, Loss, activations
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula
from neurologist.catalogue.interval import UNIT
from neurologist.theory.choose_loss import FAR, link_of, slope_when_wrong
from neurologist.theory.choose_numbers import FARTHEST, LARGEST, RESOLUTION, at, common, inverse
from neurologist.theory.choose_targets import CENTRED, Targets
from neurologist.theory.pairing import output_for
from neurologist.theory.traits import traits


@dataclass(frozen=True)
class Head:
    """The last activation and the loss.

    Attributes:
        kind: name of the kind of output.
        interval: where targets lie.
        loss: the loss.
        spec: the activation before it.
        classes: how many classes there are; None where they are unknown, or no classes.
    """

    kind: str
    interval: Interval
    loss: Loss
    spec: Activation
    classes: int | None = None

    @property
    def raw(self) -> bool:
        """Whether the loss takes raw scores and makes the predictions itself."""
        return self.loss.wants_logits

    @property
    def link(self) -> tuple[str, str]:
        """Name and formula of what makes predictions of scores."""
        return link_of(self.loss) if self.raw else (self.spec.name, self.spec.value)

    @property
    def scaled(self) -> bool:
        """Whether the activation's range must be stretched to reach the targets."""
        return self.interval.bounded and not self.raw and self.spec.range.closure() != self.interval

    @property
    def reaches(self) -> Interval:
        """Where predictions lie."""
        name, formula = self.link
        if self.scaled:
            return Interval(self.interval.lo, self.interval.hi)
        return activations[name].range if name in activations else Interval(at(formula, -FAR), at(formula, FAR))

    @property
    def slope_when_wrong(self) -> float:
        """The slope by the score that a confident mistake leaves, targets counted in the activation's own range."""
        targets = base_of(self.interval) if self.scaled else self.interval
        return slope_when_wrong(self.loss, self.spec, targets, self.classes or 2)

    @property
    def code(self) -> str:
        """How predictions are made of scores."""
        name, formula = self.link
        scores = "scores" if self.loss.vector else "score"
        call = scores if formula == "x" else f"{name}({scores})"
        if not self.scaled:
            return call
        low, high = self.interval.lo, self.interval.hi
        return f"{high:g} * {call}" if base_of(self.interval) == CENTRED else stretched(call, low, high)

    def score_of(self, prediction: float) -> float | None:
        """The score that gives a prediction; None for vectors, and where none does."""
        if self.loss.vector:
            return None
        if self.scaled:
            low, high, base = self.interval.lo, self.interval.hi, base_of(self.interval)
            prediction = base.lo + base.width * (prediction - low) / (high - low)
        found = inverse(self.link[1], prediction, self._parameters)
        return found if abs(found) < 0.999 * FARTHEST else None

    def last_score(self, dtype: str) -> float | None:
        """The score from which on a prediction is the end of its range in a dtype; None where none gets there.

        Numbers below a power of 2 lie half as far apart as above it. An infinite end is the dtype's largest number.
        Of vectors it is one score, the others being 0.
        """
        import numpy as np

        _, formula = self.link
        if formula == "x":
            return None
        run, low, high = compile_formula(formula, arrays()), 0.0, FARTHEST
        end = self.spec.range.hi if not self.raw else self.reaches.hi
        if end == 0:
            return None  # there is no nearest number to 0
        near = end * (1 - RESOLUTION[dtype] / 2) if isfinite(end) else LARGEST[dtype]

        def prediction(score: float) -> float:
            x = np.array([score, *([0.0] * ((self.classes or 2) - 1) if self.loss.vector else [])])
            with np.errstate(all="ignore"):
                return float(run({**self._parameters, "x": x})[0])

        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if prediction(middle) >= near else (middle, high)
        return high if high < 0.999 * FARTHEST else None

    def uninformed(self, targets: Targets) -> float:
        """The mean loss of the constant prediction that is the targets' mean; of classes, that is their shares."""
        import numpy as np

        loss = self.loss
        run = compile_formula(loss.value, arrays())
        if loss.vector:
            shares = targets.shares()
            hot = np.eye(len(shares))
            with np.errstate(all="ignore"):
                z = np.log(shares)
            found = [float(np.sum(run({**loss.parameters, loss.symbol: z, "t": row, "y": row}))) for row in hot]
            return float(sum(share * one for share, one in zip(shares, found, strict=True) if share > 0))
        constant = targets.mean if not self.raw else self.score_of(targets.mean)
        values = targets.values.ravel()
        given = {**loss.parameters, loss.symbol: np.full_like(values, constant), "t": values}
        return float(np.mean(run(given)))

    @property
    def _parameters(self) -> dict[str, float]:
        name, _ = self.link
        return dict(activations[name].parameters) if name in activations else {}


def stretched(call: str, low: float, high: float) -> str:
    """What brings [0, 1] to [low, high], written down."""
    times = "" if high - low == 1 else f"{high - low:g} * "
    return f"{times}{call}" if low == 0 else f"{low:g} + {times}{call}"


def base_of(interval: Interval) -> Interval:
    """What is stretched to a bounded interval: [-1, 1] for one that is symmetric about 0, else [0, 1]."""
    return CENTRED if interval.lo == -interval.hi else UNIT


def before(loss: Loss, interval: Interval) -> Activation:
    """The activation before a loss: none where it takes raw scores, its link where its domain asks for one.

    Else one whose range is the targets' interval, that goes one way and has no dead zone.
    """
    if loss.wants_logits:
        return activations["identity"]
    if loss.link != "identity":
        return activations[loss.link]
    base = base_of(interval) if interval.bounded else interval
    covering = [activations[name] for name in output_for(base)]
    exact = [spec for spec in covering if not traits(spec).dead and spec.range.closure() == base]
    return next(iter(sorted(exact, key=lambda spec: not (common(spec) or spec.name == loss.link))))
