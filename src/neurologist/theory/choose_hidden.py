"""The activation for hidden layers: of those that torch has, one through which a deep stack's gradient gets.

A function is refused where theory says that the stack fails: no curvature, a jump, outputs that are mostly a constant,
a gradient that fades or grows over the depth, or a signal whose size is left to chance by layers of finite width.
What remains is ranked by `_judged`, in that order, and each option says where it falls behind the first.
May import: `catalogue`, `theory`. To weigh one thing more: a line in `_judged`, or in `_refusal`.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite

from neurologist.catalogue import activations
from neurologist.theory.choose_made import Avoid, Choice, Number, Option, Reason
from neurologist.theory.choose_numbers import RESOLUTION, common, reach, share_in
from neurologist.theory.choose_stack import Candidate, Place, candidate
from neurologist.theory.propagation import propagation

DECADE = 1.0  # powers of ten over the depth; beyond, first and last layers cannot learn at one rate
EQUAL = 0.5  # powers of ten; gradients this near to the ideal are held equal
SCATTER = 1.0  # relative; the signal's mean square is then as large as its own uncertainty
KEEPS = 0.1  # relative change of the gradient's variance by one layer
CONSTANT = 0.5  # share of an output's mean square that is the same for all inputs
STRAIGHT = 0.01  # share of an output's variance that is not a straight line of its input
LISTED = 8  # names of others in a note
TORCH_WEIGHT_STD = 3**-0.5  # times 1/sqrt(fan_in): torch's default for nn.Linear is uniform within +-1/sqrt(fan_in)

Judged = tuple[tuple[float | str, str], ...]


def hidden(place: Place, dtype: str) -> Choice:
    """The activation for the hidden layers of a stack."""
    everyone = [candidate(spec, place) for spec in activations.values() if not spec.vector]
    refused = {one.spec.name: found for one in everyone if (found := _refusal(one, place, dtype)) is not None}
    good = sorted((one for one in everyone if one.spec.name not in refused), key=_rank)
    shown, warning = [one for one in good if common(one.spec)], ""
    if not shown:
        shown, warning = _least_bad(everyone, refused, place)
    best = shown[0]
    return Choice(
        place="hidden",
        given={**place.given(), "dtype": dtype},
        use=best.spec.name,
        how=_how(best, place),
        reasons=_reasons(best, place, dtype),
        options=tuple(
            Option(one.spec.name, _numbers(one, place.norm is not None), _behind(one, best)) for one in shown
        ),
        avoid=tuple(found for found in refused.values() if found.name != best.spec.name),
        notes=_notes([one for one in good if not common(one.spec)], refused, place, dtype),
        warning=warning,
    )


def _refusal(one: Candidate, place: Place, dtype: str) -> Avoid | None:
    """Why it will not do; None where it will."""
    found, layers = one.traits, f"{place.depth} layers"
    lost = f"; {dtype} rounds it away beside 1" if one.factor < RESOLUTION[dtype] else ""
    tests: tuple[tuple[bool, str, float, str], ...] = (
        (found.smoothness < 0, "jumps", found.lipschitz, "slope where it jumps, of which no gradient tells"),
        (one.decades < -DECADE, "vanishes", one.factor, f"gradient over {layers}{lost}"),
        (one.decades > DECADE, "explodes", one.factor, f"gradient over {layers}"),
        (one.bent < STRAIGHT, "linear", one.bent, "share of its output that is no straight line of its input"),
        (
            one.alike > CONSTANT,
            "constant",
            one.alike,
            "share of its output's mean square that all inputs have in common",
        ),
        (
            one.scatter > SCATTER,
            "drifts",
            one.scatter,
            f"relative uncertainty of the signal's mean square after {layers} of {place.width}, as Q'(1) > 1 or layers "
            "are narrow for their number",
        ),
    )
    for fails, problem, value, means in tests:
        if fails:
            return Avoid(one.spec.name, problem, value, means, common(one.spec))
    return None


def _judged(one: Candidate) -> Judged:
    """What it is ranked by, the weightiest first: a number, less is better, and what to say where it is more."""
    found, spec = one.traits, one.spec
    zones = found.dead_intervals
    kinked = "its slope jumps" if found.curvature == inf else "its slope changes faster"
    return (
        (abs(found.chi_1 - 1) > KEEPS, f"chi_1 = {found.chi_1:.3g}, not near 1"),
        (bool(zones), f"its slope is 0 on {_spelt(zones)}"),
        (found.saturates_left and found.saturates_right, "its slope goes to 0 on both sides"),
        (spec.random, "draws its slope at random while training"),
        (len(spec.learnable), f"{len(spec.learnable)} more to learn"),
        (round(max(abs(one.decades) - EQUAL, 0.0), 1), f"gradient {one.factor:.2g}"),
        (found.curvature, kinked),
        (round(one.alike, 2), f"{one.alike:.2g} of its output's mean square is a constant"),
        (spec.source.year, "as good; published later"),
        (spec.name, "as good"),
    )


def _rank(one: Candidate) -> tuple[float | str, ...]:
    return tuple(value for value, _ in _judged(one))


def _behind(one: Candidate, best: Candidate) -> str:
    pairs = zip(_judged(one), _judged(best), strict=True)
    return next((said for (mine, said), (first, _) in pairs if mine != first), "")


def _least_bad(everyone: list[Candidate], refused: dict[str, Avoid], place: Place) -> tuple[list[Candidate], str]:
    """Where all fail over the depth: the one that fails least, and what would change that."""
    size_only = ("vanishes", "explodes", "drifts")
    near = [one for one in everyone if common(one.spec) and refused[one.spec.name].problem in size_only]
    best = min(near, key=lambda one: (max(abs(one.decades) / DECADE, one.scatter / SCATTER), one.spec.name))
    fails, better = refused[best.spec.name], Place(place.depth, place.width, "layer", True)
    return [best], (
        f"no function that torch has holds signal and gradient over {place}. This one comes nearest, and "
        f"{fails.problem} ({fails.why}). With skip connections and a layer norm its gradient would be "
        f"{candidate(best.spec, better).factor:.3g}, where skip connections alone give {better.ideal:.3g}"
    )


def _how(best: Candidate, place: Place) -> str:
    spec = best.spec
    given = "".join(f", {name}={value!r}" for name, value in spec.torch_arguments.items())
    code = f"torch.nn.functional.{spec.torch_function}(x{given})" if common(spec) else f"nl.{spec.name}(x)"
    weights = f"weights of standard deviation {place.weight_std(best.traits):.4g} / sqrt(fan_in), biases 0"
    return f"{code}; {weights}" + ("; the norm before it, its gain 1 and bias 0" if place.norm else "")


def _numbers(one: Candidate, normed: bool) -> dict[str, Number]:
    found = one.traits
    return {
        "gradient": one.factor,
        **({} if normed else {"scatter": one.scatter}),
        "slope 0 for": share_in(found.dead_intervals) if found.dead_intervals else None,
        "constant share": one.alike,
        "slope changes": found.curvature if isfinite(found.curvature) else "jumps",
    }


def _reasons(best: Candidate, place: Place, dtype: str) -> tuple[Reason, ...]:
    found, layers = best.traits, f"{place.depth} layers"
    reasons = [
        Reason(
            f"gradient over {layers}", best.factor, f"first layer's over last's, predicted; {_ideally(best, place)}"
        ),
        _per_layer(best, place),
    ]
    if place.norm is None:
        meaning = f"relative, from one drawing of weights of width {place.width} to the next; Q'(1) = "
        reasons.append(Reason("scatter of the signal's size", best.scatter, f"{meaning}{found.q_slope:.3g}"))
    if place.norm is None and not place.residual:
        left = propagation(best.spec, place.depth, TORCH_WEIGHT_STD).gradient_factor
        reasons.append(Reason("with torch's default weights", left, "the same gradient: set the weights as said"))
    zones = found.dead_intervals
    return (
        *reasons,
        Reason(
            "dead zone",
            _spelt(zones) or "none",
            f"{share_in(zones):.2g} of unit inputs get no gradient" if zones else "its slope is 0 on no interval",
        ),
        Reason("constant share", best.alike, "of the output's mean square; what two unrelated inputs have in common"),
        _resolved(best, dtype),
    )


def _per_layer(best: Candidate, place: Place) -> Reason:
    if place.residual:
        return Reason("chi_1", best.traits.chi_1, "what a branch does to the gradient's variance; 1 keeps it")
    named = "chi_1 / (1 - constant share)" if place.norm == "batch" else "chi_1"
    return Reason(named, best.factor ** (2 / place.depth), "what one layer does to the gradient's variance; 1 keeps it")


def _ideally(best: Candidate, place: Place) -> str:
    return f"skip connections alone give {best.ideal:.3g}" if place.residual else "1 would be ideal"


def _resolved(best: Candidate, dtype: str) -> Reason:
    far = reach(best.spec, dtype)
    if best.traits.dead_intervals:
        return Reason(f"resolution of {dtype}", RESOLUTION[dtype], "relative; what is smaller beside 1 is rounded away")
    if isfinite(far) and (best.traits.saturates_left or best.traits.saturates_right):
        return Reason(f"slope resolved in {dtype}", far, "largest |x| with a slope that is not rounded away beside 1")
    return Reason(f"slope resolved in {dtype}", "everywhere", "no tail flattens out")


def _notes(unusual: list[Candidate], refused: dict[str, Avoid], place: Place, dtype: str) -> tuple[str, ...]:
    notes = []
    if unusual:
        more = f" and {len(unusual) - LISTED} more" if len(unusual) > LISTED else ""
        named = ", ".join(one.spec.name for one in unusual[:LISTED])
        notes.append(f"By these numbers {named}{more} would do as well, but torch does not have them.")
    drifting = _names(one.name for one in refused.values() if one.common and one.problem == "drifts")
    if drifting and place.norm is None:
        notes.append(f"With a norm before the activation no signal drifts; then {drifting} may do too.")
    if dtype == "float16":
        notes.append(f"float16 loses digits of gradients below {2.0**-14:.2g}: scale the loss, or use bfloat16.")
    vectors = sum(spec.vector for spec in activations.values())
    notes.append(f"Functions of vectors ({vectors} of the catalogue), which mix units or gate them, are not judged.")
    return tuple(notes)


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _spelt(zones: Iterable[object]) -> str:
    return " and ".join(map(str, zones))
