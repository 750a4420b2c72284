"""Second slopes where branches of a formula meet and the function is smooth: against differences of 50 digits."""

import ast

import mpmath as mp
import numpy as np
import pytest

from neurologist.atlas.drawn import drawn
from neurologist.catalogue import Loss, activations, losses
from neurologist.catalogue.differentiate import differentiate
from neurologist.catalogue.expression import evaluate, names_in, parse
from neurologist.catalogue.oracle import exact
from neurologist.functional import curves
from neurologist.theory.numeric import _zeros, on_arrays

SAME = 1e-5  # relative; differences of 50 digits over 1e-14
REACH = np.linspace(-8, 8, 1601)


def meetings(formula, given, symbol):
    """Where the sign changes that decides between branches."""
    found = set()
    for node in ast.walk(parse(formula)):
        match node:
            case ast.Compare(left=a, comparators=[b]) | ast.Call(func=ast.Name(id="max" | "min"), args=[a, b]):
                test = ast.BinOp(a, ast.Sub(), b)
            case ast.Call(func=ast.Name(id="abs" | "sign"), args=[inner]):
                test = inner
            case _:
                continue
        if symbol in names_in(test):
            found.update(_zeros(on_arrays(ast.unparse(test), given, symbol), REACH))
    return {round(point, 12) for point in found}


def textbook(spec, x):
    """The formula at 50 digits as it is drawn: of a function of vectors, the first entry by its own input."""
    if not isinstance(spec, Loss):
        found = exact(spec.formula, {**spec.parameters, "x": [x, mp.mpf(spec.beside)] if spec.vector else x})
    else:
        setting = curves.setting(spec)
        given = {name: [exact(entry, {spec.symbol: x}) for entry in at] for name, at in setting.entries.items()}
        plain = {name: at if spec.vector and len(at) > 1 else at[0] for name, at in given.items()}
        found = exact(spec.formula, {**spec.parameters, **plain})
    return found.ravel()[0] if isinstance(found, np.ndarray) else found


def second_slopes(spec, x):
    """From the left, around, and from the right."""
    with mp.workdps(60):
        h = mp.mpf(10) ** -14
        values = [textbook(spec, mp.mpf(float(x)) + k * h) for k in (-2, -1, 0, 1, 2)]
        return [float((values[k] - 2 * values[k + 1] + values[k + 2]) / h**2) for k in (0, 1, 2)]


def same(a, b):
    return abs(a - b) <= SAME * (1 + abs(b))


@pytest.mark.slow
def test_where_branches_only_meet_the_second_slope_is_the_function_s():
    judged = set()
    for spec in (*activations.values(), *losses.values()):
        if isinstance(spec, Loss) and curves.setting(spec) is None:
            continue
        shown = drawn(spec)
        symbol, formula = shown.names[0], shown.formulas[2]
        if formula is None or len(formula) > 15_000:
            continue
        second = on_arrays(formula, shown.fixed, symbol)
        places = {at for text in shown.formulas for at in meetings(text, shown.fixed, symbol)}
        for x in (at for at in places if shown.low <= at <= shown.high):
            left, around, right = second_slopes(spec, x)
            if not np.all(np.isfinite([left, around, right])) or not (same(left, right) and same(around, right)):
                continue  # it has a kink, or an end
            assert same(float(second(np.array([x]))[0]), right), (spec.name, x)
            judged.add(spec.name)
    assert {"mish", "eis", "mila", "swiglu", "log_softmax"} <= judged
    assert len(judged) > 20


@pytest.mark.parametrize("x", [-2.0, -0.3, 0.3, 2.0])
@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("base", ["max(x, 0)", "where(x > 0, x, 0)", "max(-x, 0)", "min(max(x, 0), 1)"])
def test_a_power_that_is_flat_on_one_side_has_slopes_there(base, power, x):
    text = f"{base} ** a"
    size = max(x, 0.0) if "-x" not in base else max(-x, 0.0)
    size = min(size, 1.0) if "1" in base else size
    flat = size in (0.0, 1.0)
    slope = differentiate(text, "x")
    for text, factor, less in ((slope, power, 1), (differentiate(slope, "x"), power * (power - 1), 2)):
        found = on_arrays(text, {"a": power})(np.array([x]))[0]
        way = -1.0 if "-x" in base and less == 1 else 1.0
        assert found == pytest.approx(0.0 if flat else way * factor * size ** (power - less))


def test_a_branch_takes_what_its_test_decides_as_decided():
    for text in ("where(x < 0, -abs(x), abs(x))", "where(0 <= x, max(x, 0), min(x, 0))", "where(x > 0, abs(x), x)"):
        assert evaluate(differentiate(text, "x"), {"x": 0.0}) == 1
    assert evaluate(differentiate("abs(x)", "x"), {"x": 0.0}) == 0  # at a kink, as torch has it
    assert evaluate(differentiate("max(x, 0)", "x"), {"x": 0.0}) == 0
    assert evaluate(differentiate("where(x > 1, abs(x), 0)", "x"), {"x": 2.0}) == 1
