"""What theory predicts of the gradient's way back, op by op, to hold against what was measured.

A linear or convolutional op multiplies the norm of a gradient that is not correlated with its weights by their RMS
times the square root of the inputs per output; an activation whose inputs are normal with variance 1 multiplies it by
sqrt(E f'(z)^2). Where measured and predicted agree, the weights as they are and the activations as such account for
the loss; where an activation passes far less than predicted, what it reads is not of unit size.

Poole et al. (2016), Exponential expressivity in deep neural networks through transient chaos; Schoenholz et al. (2017),
Deep information propagation. May import: the catalogue, `theory.gain`, `diagnose.finding`, `diagnose.gradients`,
`diagnose.reading`, the record.
"""

from __future__ import annotations

from functools import cache
from math import log10, prod

from neurologist.catalogue import activations
from neurologist.diagnose.finding import Evidence
from neurologist.diagnose.gradients import Leg, spread
from neurologist.diagnose.reading import first, say, weight
from neurologist.record import Op, Run
from neurologist.theory.gain import moments
from neurologist.theory.numeric import branch_points

OFF = 0.3  # decades, a factor of 2, from which on an op is worth naming


def expected(run: Run, op: Op) -> float | None:
    """Decades by which the op should multiply the gradient's norm; None where theory has nothing to say."""
    if op.kind in ("linear", "conv"):
        return _of_layer(run, op)
    return _of_activation(op.member) if op.kind == "activation" and op.member in activations else None


def expected_per_entry(run: Run, op: Op) -> float | None:
    """The same for the gradient's RMS per entry, as the waterfall shows it."""
    found = expected(run, op)
    return None if found is None else found - spread(op)


def _of_layer(run: Run, op: Op) -> float | None:
    parameter = weight(op)
    row = first(run, "weights", parameter) if parameter else None
    if parameter is None or row is None or not row["rms"] or not op.shape:
        return None
    units = op.shape[1] if op.kind == "conv" and len(op.shape) > 2 else op.shape[-1]
    if units not in (parameter.shape if op.kind == "linear" else parameter.shape[:1]):
        return None  # a transposed convolution reads its stride's share of the weights
    return log10(row["rms"]) + 0.5 * log10(prod(parameter.shape) / units)


@cache
def _of_activation(member: str) -> float | None:
    spec = activations[member]
    if spec.vector:
        return None
    given = spec.with_defaults({})
    slope = moments(spec, given, branch_points(spec, given)).slope_gain
    return log10(slope) if slope > 0 else None


def against_theory(run: Run, way: list[Leg]) -> list[Evidence]:
    """Evidence: decades over the ops that theory covers, measured and predicted, and the op that is furthest off."""
    pairs = [(leg, found) for leg in way if (found := expected(run, leg.op)) is not None]
    if not pairs:
        return []
    measured, predicted = sum(leg.decades for leg, _ in pairs), sum(found for _, found in pairs)
    what = f"decades over the {say(len(pairs))} ops for which theory has a figure"
    shown = [Evidence(what, measured, "decades", f"{say(predicted)} by theory")]
    leg, found = max(pairs, key=lambda pair: abs(pair[0].decades - pair[1]))
    if abs(leg.decades - found) > OFF:
        shown.append(
            Evidence(f"furthest from theory: {leg.op.label}", leg.decades, "decades", f"{say(found)} by theory")
        )
    return shown
