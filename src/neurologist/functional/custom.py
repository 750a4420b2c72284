"""Your own activation, from its formula.

May import: `catalogue`, `theory`, `functional.function`, `functional.members`, `functional.shelf`; NumPy inside.
"""

from __future__ import annotations

import ast
import warnings
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from keyword import iskeyword
from weakref import finalize

from neurologist.catalogue import Activation, DeclarationError, FormulaError, Source
from neurologist.catalogue.backends import VECTOR
from neurologist.catalogue.expression import free_names, parse
from neurologist.catalogue.grammar import refusal, shortened
from neurologist.catalogue.interval import REAL
from neurologist.catalogue.oracle import exact
from neurologist.catalogue.stabilise import stabilise
from neurologist.functional.function import Function
from neurologist.functional.members import key_of
from neurologist.functional.shelf import forget
from neurologist.theory.numeric import grid, on_arrays
from neurologist.theory.traits import observed_range

CHECKED = (-40.3, -4.1, -1.2, -0.3, 1e-6, 0.7, 2.3, 11.0, 50.2)  # where the rewriting is held against the formula
HUGE = 1.7e308  # the largest float, nearly
KEPT = 64  # functions that are gone, and whose formulas are still known to who reads a graph that they made
NESTED = 20  # parts within one another, sums aside; the catalogue has 8, and slopes grow faster than these
LEAST = 20  # points, of some 2000 from -1e4 to 1e4, at which a function has to be finite
TAKEN = ("dim", "order", "training", "x", "y")  # keywords of a function's own calls
ALLOWED = 1e-6  # relative error there; a mistake in the rewriting shows as far more, a lost digit or two as less

_GONE: deque[str] = deque()


def activation(name: str, formula: str, **parameters: float) -> Function:
    """A function from a formula in `x` and named parameters, with exact derivatives, range and traits.

    The formula is read by a whitelist, never evaluated as Python. Where it would overflow or cancel, a rewriting is
    used, after checking it against the formula at 50 digits. Where none is known, a warning says for which inputs
    value or slope is not a number.

    >>> swish = activation("my_swish", "x / (1 + exp(-b*x))", b=1.5)
    >>> round(swish(1.0), 4), round(swish.derivative(0.0), 4), swish.derivative(-1000.0)
    (0.8176, 0.5, 0.0)
    """
    _check_name(name)
    _check_formula(name, formula)
    given = _numbers(name, formula, parameters)
    spec = Activation(name, formula, REAL, Source("user", 0, "own formula"), parameters=given)
    better = stabilise(formula)
    if better != ast.unparse(parse(formula)) and _same(spec, better):
        spec = replace(spec, stable=better)
    try:
        _warn_where_broken(spec)
        made = Function(replace(spec, range=observed_range(spec)))
    except FormulaError as error:
        raise FormulaError(
            f"activation {name!r} got {shortened(formula)}, whose slopes cannot be made: {error}"
        ) from None
    finalize(made, _forget_later, key_of(made.spec)).atexit = False
    return made


def _forget_later(key: str) -> None:
    """Take a function that is gone off the shelf, after `KEPT` others: a graph that it made may still be read."""
    _GONE.append(key)
    if len(_GONE) > KEPT:
        forget(_GONE.popleft())


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(
            f"activation got the name {name!r}: expected text; use activation('my_swish', 'x * sigmoid(x)')"
        )
    if not name.isidentifier() or not name.isascii() or iskeyword(name):
        better = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name) or "mine"
        better = f"my_{better}" if not better.isidentifier() or iskeyword(better) else better
        raise DeclarationError(
            f"activation got the name {shortened(name)}: expected ASCII letters, digits and _, as a "
            f"name in Python; use {better!r}"
        )


def _check_formula(name: str, formula: object) -> None:
    if not isinstance(formula, str):
        got = type(formula).__name__
        raise TypeError(f"activation {name!r} got a formula of type {got}: expected text; use 'x * sigmoid(x)'")
    if "x" not in free_names(formula):
        raise DeclarationError(
            f"activation {name!r} got {shortened(formula)}: expected a formula in x; use x for the input, as in "
            "'x * sigmoid(x)'"
        )
    if isinstance(parse(formula), ast.Compare):
        raise refusal(parse(formula), formula)
    if (levels := _levels(parse(formula))) > NESTED:
        raise FormulaError(
            f"activation {name!r} got {shortened(formula)}, a formula nested {levels} deep, sums aside: expected at "
            f"most {NESTED}; split it, or call one function on another's result"
        )
    called = [node for node in ast.walk(parse(formula)) if isinstance(node, ast.Call)]
    for word, count in ((node.func.id, len(node.args)) for node in called if isinstance(node.func, ast.Name)):
        if word in VECTOR or (word in ("max", "min") and count == 1):
            raise FormulaError(
                f"activation {name!r} got {shortened(formula)}: {word} reads a whole vector: expected a function of "
                "one number; a function of vectors needs a file in the catalogue, with a pullback"
            )


def _levels(node: ast.AST) -> int:
    """How many parts stand within one another; sums may be long."""
    counts = isinstance(node, ast.Call) or (isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Sub))
    return counts + max(map(_levels, ast.iter_child_nodes(node)), default=0)


def _numbers(name: str, formula: str, parameters: Mapping[str, object]) -> dict[str, float]:
    """The parameters as floats, each used by the formula and all that it uses."""
    used = free_names(formula) - {"x"}
    missing = sorted(used - parameters.keys())
    if missing:
        write = ", ".join(f"{one}=1.0" for one in missing)
        raise DeclarationError(
            f"activation {name!r} got {shortened(formula)}, which uses {', '.join(missing)}: expected only x and "
            f"parameters with a value; add {write}"
        )
    for one, value in parameters.items():
        if one not in used:
            expected = ", ".join(sorted(used)) or "no parameters"
            raise DeclarationError(
                f"activation {name!r} got {one}={value!r}: expected {expected}, which is what {shortened(formula)} has "
                "beside x; leave it out"
            )
        if one in TAKEN:
            raise DeclarationError(
                f"activation {name!r} got the parameter {one!r}: expected another name, because calls have a keyword "
                f"{one!r} of their own; use my_{one}"
            )
        if isinstance(value, bool) or not isinstance(value, float | int):
            raise TypeError(f"activation {name!r} got {one}={value!r}: expected a number; use float({one})")
        if not abs(value) <= HUGE:  # nor is not a number
            got = repr(value) if isinstance(value, float) else "a number of over 300 digits"
            raise DeclarationError(f"activation {name!r} got {one}={got}: expected a finite number; use another")
    return {one: float(value) for one, value in parameters.items() if isinstance(value, float | int)}


def _same(spec: Activation, better: str) -> bool:
    for x in CHECKED:
        given = {**spec.parameters, "x": x}
        want, got = exact(spec.formula, given), exact(better, given)
        if want == want and want != got and not abs(want - got) <= ALLOWED * abs(want):  # not a number: nothing to keep
            return False
    return True


def _warn_where_broken(spec: Activation) -> None:
    import numpy as np

    for what, formula in (("value", spec.value), ("slope", spec.derivative)):
        found = on_arrays(formula, spec.parameters)(grid())
        bad = grid()[np.isnan(found)]
        if np.isfinite(found).sum() < LEAST:
            raise DeclarationError(
                f"activation {spec.name!r} got {shortened(spec.formula)}, whose {what} is finite nearly nowhere: "
                "expected finite numbers; look for inf, log(0), sqrt(-1) and the like in it"
            )
        if bad.size:
            warnings.warn(
                f"activation {spec.name!r}: its {what} is not a number from x = {bad.min():.4g} to {bad.max():.4g}: "
                f"write the formula so that it does not overflow there (sigmoid, softplus, expm1, log1p, where help)",
                stacklevel=3,
            )
            return
