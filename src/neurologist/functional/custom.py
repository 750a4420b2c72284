"""Your own activation, from its formula.

May import: `catalogue`, `theory`, `functional.function`; NumPy inside functions.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

from neurologist.catalogue import Activation, DeclarationError, Source
from neurologist.catalogue.interval import REAL
from neurologist.catalogue.oracle import exact
from neurologist.catalogue.stabilise import stabilise
from neurologist.functional.function import Function
from neurologist.theory.numeric import grid, on_arrays
from neurologist.theory.traits import observed_range

CHECKED = (-40.3, -4.1, -1.2, -0.3, 1e-6, 0.7, 2.3, 11.0, 50.2)  # where the rewriting is held against the formula
ALLOWED = 1e-6  # relative error there; a mistake in the rewriting shows as far more, a lost digit or two as less


def activation(name: str, formula: str, **parameters: float) -> Function:
    """A function from a formula in `x` and named parameters, with exact derivatives, range and traits.

    The formula is read by a whitelist, never evaluated as Python. Where it would overflow or cancel, a rewriting is
    used, after checking it against the formula at 50 digits. Where none is known, a warning says for which inputs
    value or slope is not a number.

    >>> swish = activation("my_swish", "x / (1 + exp(-b*x))", b=1.5)
    >>> round(swish(1.0), 4), round(swish.derivative(0.0), 4), swish.derivative(-1000.0)
    (0.8176, 0.5, 0.0)
    """
    spec = Activation(name, formula, REAL, Source("user", 0, "own formula"), parameters=parameters)
    if "x" not in _names(formula):
        raise DeclarationError(f"activation {name!r} got {formula!r}: expected a formula in x")
    better = stabilise(formula)
    if better != formula and _same(spec, better):
        spec = replace(spec, stable=better)
    _warn_where_broken(spec)
    return Function(replace(spec, range=observed_range(spec)))


def _names(formula: str) -> frozenset[str]:
    from neurologist.catalogue.expression import free_names

    return free_names(formula)


def _same(spec: Activation, better: str) -> bool:
    for x in CHECKED:
        given = {**spec.parameters, "x": x}
        want, got = exact(spec.formula, given), exact(better, given)
        if abs(want - got) > ALLOWED * abs(want):
            return False
    return True


def _warn_where_broken(spec: Activation) -> None:
    import numpy as np

    for what, formula in (("value", spec.value), ("slope", spec.derivative)):
        bad = grid()[np.isnan(on_arrays(formula, spec.parameters)(grid()))]
        if bad.size:
            warnings.warn(
                f"activation {spec.name!r}: its {what} is not a number from x = {bad.min():.4g} to {bad.max():.4g}: "
                f"write the formula so that it does not overflow there (sigmoid, softplus, expm1, log1p, where help)",
                stacklevel=3,
            )
            return
