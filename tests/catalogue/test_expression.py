"""The formula language: what it reads, and that nothing else runs."""

import math
from math import inf, nan

import numpy as np
import pytest

from neurologist.catalogue import FormulaError
from neurologist.catalogue.backends import SYMBOLS, arrays
from neurologist.catalogue.differentiate import RULES, differentiate
from neurologist.catalogue.expression import WORDS, compile_formula, evaluate, parse
from neurologist.catalogue.oracle import exact

SMUGGLED = [
    "__import__('os').system('true')",
    "x.__class__",
    "().__class__.__bases__[0]",
    "[x for x in (1,)]",
    "lambda: x",
    "open('/etc/passwd')",
    "exp(x, out=x)",
    "exp(*x)",
    "x if x > 0 else 1",
    "x; x",
    "x := 1",
    "f'{x}'",
    "'x'",
    "True",
    "x[0]",
    "__builtins__",
    "x < 1 < 2",
    "x and x",
    "x ** 9999",
    "1e5 if x else 2",
    "",
    "x +",
    "exp",
    "exp(x, x)",
    "nosuch(x)",
    "x" * 30000,
    "(" * 500 + "x" + ")" * 500,
]


@pytest.mark.parametrize("text", SMUGGLED)
def test_anything_outside_the_vocabulary_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text)


def test_an_error_names_the_part_and_what_is_allowed() -> None:
    with pytest.raises(FormulaError, match=r"holds 'x\.real': expected numbers, names, .*; write its name alone$"):
        parse("1 + x.real")
    with pytest.raises(FormulaError, match=r"holds 'ex\(x\)': expected .* calls of abs, asinh, .*; nearest is exp$"):
        parse("1 + ex(x)")


@pytest.mark.parametrize("word", sorted(RULES))
def test_each_rule_against_central_differences(word: str) -> None:
    for x in (0.3, 1.2):
        slope = (evaluate(f"{word}(x)", {"x": x + 1e-6}) - evaluate(f"{word}(x)", {"x": x - 1e-6})) / 2e-6
        assert evaluate(differentiate(f"{word}(x)", "x"), {"x": x}) == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize(
    "text", ["x ** 3", "2 ** x", "x ** x", "a * x / (1 + x)", "max(x, a) * min(x, 2)", "-(+x) ** 2"]
)
def test_operators_against_central_differences(text: str) -> None:
    for name in ("x", "a"):
        at, step = {"x": 0.7, "a": 0.4}, 1e-6
        high, low = (evaluate(text, {**at, name: at[name] + s}) for s in (step, -step))
        assert evaluate(differentiate(text, name), at) == pytest.approx((high - low) / (2 * step), abs=1e-7)


def test_vectors_have_no_slope_formula() -> None:
    with pytest.raises(FormulaError, match="mixes the entries of a vector"):
        differentiate("x / sum(x)", "x")


SCALAR_WORDS = sorted(word for word in RULES if WORDS[word] == (1,))


@pytest.mark.parametrize("word", SCALAR_WORDS)
def test_numpy_means_the_same_as_floats(word: str) -> None:
    x = np.array([0.2, 0.9, 3.0])
    expected = [evaluate(f"{word}(x)", {"x": v}) for v in x.tolist()]
    assert compile_formula(f"{word}(x)", arrays())({"x": x}).tolist() == pytest.approx(expected, rel=1e-14)


def test_sympy_finds_the_same_derivative() -> None:
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x", real=True)
    for text in ("x / (1 + exp(-x))", "x * erfc(-x / sqrt(2)) / 2", "tanh(x) ** 2 + log1p(x ** 2)"):
        ours = compile_formula(differentiate(text, "x"), SYMBOLS)({"x": x})
        theirs = sympy.diff(compile_formula(text, SYMBOLS)({"x": x}), x)
        assert abs(sympy.N((ours - theirs).subs(x, sympy.Rational(7, 10)), 30)) < 1e-25


BEYOND = {"2": inf, "0.5": 0.0, "sinh": inf, "cosh": inf, "expm1": inf, "sin": nan, "cos": nan}


@pytest.mark.parametrize("word", BEYOND)
def test_numbers_without_end_fill_no_memory(word: str) -> None:
    """Of something of 434 digits: its exponential has more digits than there are atoms."""
    text = f"{word} ** exp(x)" if word[0].isdigit() else f"{word}(exp(x))"
    assert float(exact(text, {"x": 1000.0})) == pytest.approx(BEYOND[word], nan_ok=True)


def test_a_power_is_real_or_no_number() -> None:
    assert exact("(-x) ** 3", {"x": 2.0}) == -8
    assert math.isnan(exact("(-x) ** 0.5", {"x": 2.0}))
    assert exact("x ** (-2)", {"x": 0.0}) == inf
