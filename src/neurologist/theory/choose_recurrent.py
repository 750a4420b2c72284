"""Gates and states of recurrent networks: a gate goes from 0 to 1, a state is bounded and centred.

May import: `catalogue`, `theory`. A new kind of place: a function from steps and dtype to a `Choice`.
"""

from __future__ import annotations

from math import isclose, isfinite

from neurologist.catalogue import Activation, Interval, activations
from neurologist.catalogue.interval import UNIT
from neurologist.theory.choose_made import Avoid, Choice, Number, Option, Reason
from neurologist.theory.choose_numbers import RESOLUTION, at, common, inverse, reach
from neurologist.theory.propagation import propagation
from neurologist.theory.traits import traits

CENTRED = Interval(-1.0, 1.0, True, True)
EXCESS = 1.1  # factor on a state per step by which examples of growth are reckoned


def gate(steps: int, dtype: str) -> Choice:
    """The activation of a gate that is to hold a state for that many steps."""
    fit = [spec for spec in activations.values() if _is_gate(spec)]
    alive = [spec for spec in fit if not traits(spec).dead]
    good = sorted(alive, key=lambda s: (not common(s), -reach(s, dtype), s.name))
    best, keep = good[0], 1 - 1 / max(steps, 2)
    opened = inverse(best.value, keep, best.parameters)
    return Choice(
        place="gate",
        given={"steps": steps, "dtype": dtype},
        use=best.name,
        how=f"start the bias of the gate that keeps the state at {opened:.3g}: it then holds for about {steps} steps",
        reasons=(
            Reason("range", str(best.range), "from shut to open, and no further"),
            Reason("dead zone", "none", "a gate that is shut can still learn to open"),
            Reason(f"slope resolved in {dtype}", reach(best, dtype), "largest |x| with one not rounded away beside 1"),
            Reason(
                f"input to hold {steps} steps",
                opened,
                f"{keep:.4g} open, of which {keep**steps:.2g} is left after them",
            ),
            Reason("slope there", at(best.derivative, opened, best.parameters), "what is left to learn with"),
        ),
        options=tuple(Option(s.name, _gate_numbers(s, dtype), _gate_behind(s, best, dtype)) for s in good),
        avoid=(*(_dead(s) for s in fit if s not in alive), *(_no_gate(s, steps) for s in _rest(fit))),
    )


def _is_gate(spec: Activation) -> bool:
    """Whether it goes from 0 to 1 and never turns back."""
    return not spec.vector and spec.range.closure() == UNIT and traits(spec).direction == "increasing"


def _gate_numbers(spec: Activation, dtype: str) -> dict[str, Number]:
    return {"range": str(spec.range), "resolved to": reach(spec, dtype), "largest slope": traits(spec).lipschitz}


def _gate_behind(spec: Activation, best: Activation, dtype: str) -> str:
    if spec is best:
        return ""
    far = f"in {dtype} its slope is rounded away beyond |x| = {reach(spec, dtype):.3g}"
    return far if common(spec) else f"torch does not have it; {far}"


def _no_gate(spec: Activation, steps: int) -> Avoid:
    low, high = spec.range.lo, spec.range.hi
    if low < 0:
        means = "range; below 0 a gate turns the sign of what it should keep"
    elif high > 1:
        means = f"range; a gate at {EXCESS} for {steps} steps magnifies {_times(EXCESS, steps)} times"
    else:
        means = "range; it turns back, so that two inputs mean the same"
    return Avoid(spec.name, "leaves-domain", str(spec.range), means, True)


def state(steps: int, dtype: str) -> Choice:
    """The activation of a recurrent state over that many steps."""
    fit = [spec for spec in activations.values() if _is_state(spec)]
    alive = [spec for spec in fit if not traits(spec).dead and not spec.learnable]
    slope = {spec: at(spec.derivative, 0.0, spec.parameters) for spec in alive}
    passing = [spec for spec in alive if isclose(slope[spec], 1.0)]
    factor = {spec: propagation(spec, steps, 1.0).gradient_factor for spec in passing}
    good = sorted(passing, key=lambda s: (not common(s), -factor[s], s.name))
    best = good[0]
    return Choice(
        place="state",
        given={"steps": steps, "dtype": dtype},
        use=best.name,
        how="recurrent weights orthogonal, biases 0; let gates in [0, 1] carry what must last longer",
        reasons=(
            Reason("range", str(best.range), "no number of steps makes the state overflow"),
            Reason(
                "mean output",
                0.0 if traits(best).zero_centred else traits(best).mean,
                "inputs around 0 give outputs around 0",
            ),
            Reason("slope at 0", slope[best], "a small state passes unchanged"),
            Reason(
                f"gradient over {steps} steps", factor[best], f"with orthogonal weights; {_seen(factor[best], dtype)}"
            ),
        ),
        options=tuple(_state_option(s, factor[s], slope[s], best) for s in good),
        avoid=(
            *(_dead(s) for s in fit if traits(s).dead),
            *(_steep(s, slope[s], steps) for s in alive if s not in passing),
            *(_no_state(s, steps) for s in _rest(fit)),
        ),
    )


def _is_state(spec: Activation) -> bool:
    """Whether it is bounded by -1 and 1, odd, and never turns back."""
    if spec.vector or spec.range.closure() != CENTRED:
        return False
    found = traits(spec)
    return found.odd and found.direction == "increasing"


def _state_option(spec: Activation, factor: float, slope: float, best: Activation) -> Option:
    numbers: dict[str, Number] = {"range": str(spec.range), "gradient": factor, "slope at 0": slope}
    less = f"its gradient is {factor:.2g}"
    behind = less if common(spec) else f"torch does not have it; {less}"
    return Option(spec.name, numbers, "" if spec is best else behind)


def _seen(factor: float, dtype: str) -> str:
    resolved = RESOLUTION[dtype]
    return f"{'above' if factor > resolved else 'below'} the {resolved:.2g} that {dtype} resolves beside 1"


def _steep(spec: Activation, slope: float, steps: int) -> Avoid:
    if slope > 1:
        means = "slope at 0; a small state is driven to the ends, where the slope is small"
        return Avoid(spec.name, "saturates", slope, means, common(spec))
    means = f"slope at 0; {steps} steps multiply a small state by its power"
    return Avoid(spec.name, "vanishes", slope, means, common(spec))


def _no_state(spec: Activation, steps: int) -> Avoid:
    found = traits(spec)
    slopes = [abs(slope) for slope in (found.slope_left, found.slope_right) if slope is not None]
    if not spec.range.bounded and max(slopes, default=0.0) >= 1:
        means = (
            f"range; weights {EXCESS - 1:.0%} too large make it {_times(EXCESS, steps)} times as large in {steps} steps"
        )
        return Avoid(spec.name, "explodes", str(spec.range), means, True)
    if found.odd:
        return Avoid(spec.name, "leaves-domain", str(spec.range), "range; expected [-1, 1]", True)
    return Avoid(spec.name, "constant", found.mean, "mean output for inputs around 0; the state wanders off", True)


def _rest(fit: list[Activation]) -> list[Activation]:
    """What torch has besides."""
    return [spec for spec in activations.values() if common(spec) and spec not in fit and not spec.vector]


def _dead(spec: Activation) -> Avoid:
    zones = " and ".join(map(str, traits(spec).dead_intervals))
    return Avoid(spec.name, "dead", zones, "slope 0 there; what gets in stays in", common(spec))


def _times(base: float, exponent: int) -> str:
    try:
        grown = base**exponent
    except OverflowError:
        return "infinitely many"
    return f"{grown:.2g}" if isfinite(grown) else "infinitely many"
