"""Formulas as text for readers: in LaTeX as they stand, and long ones in parts that mean the same."""

import numpy as np
import pytest

from neurologist.catalogue import activations
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula, names_in, parse
from neurologist.functional import functions
from neurologist.functional.latex import latex
from neurologist.functional.parts import parts, tidy

SCORES = np.array([[0.3, -1.2, 2.0, 0.7], [-2.0, 0.5, 0.5, -0.1]])

WRITTEN = {
    "sigmoid": r"\frac{1}{1 + e^{-x}}",
    "quick_gelu": r"\frac{x}{1 + e^{-1.702 x}}",  # 851/500 is what a computer algebra makes of it
    "softmax": r"\frac{e^{x_{i}}}{\sum_{j} e^{x_{j}}}",
    "sparsemax": r"\max\left(x_{i} - \max_{j} \frac{\sum_{k \le j} x_{(k)} - 1}{j}, 0\right)",
    "hardmax": r"\left[i = \arg\max_{j} x_{j}\right]",
    "acon_c": r"\frac{\left(p_{1} - p_{2}\right) x}{1 + e^{-\beta \left(p_{1} - p_{2}\right) x}} + p_{2} x",
    "sparse_sigmoid": (
        r"\begin{cases} 0 & x \le -1 \\ 1 & x \ge 1 \\ \frac{x + 1}{2} & \text{else} \end{cases}"
    ),  # one list of cases, not one within another
    "leaky_relu": r"\begin{cases} x & x > 0 \\ \mathrm{negative\_slope}\, x & \text{else} \end{cases}",
    "hard_elish": (
        r"\left(\begin{cases} x & x \ge 0 \\ e^{x} - 1 & \text{else} \end{cases}\right)"
        r" \max\left(0, \min\left(1, \frac{x + 1}{2}\right)\right)"
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_formula_is_written_as_it_stands(name):
    assert functions[name].latex == WRITTEN[name]


@pytest.mark.parametrize("name", activations)
def test_braces_and_brackets_close(name):
    text = functions[name].latex
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert text.count(r"\begin") == text.count(r"\end")


def test_signs_stand_where_they_belong():
    spec = activations["identity"]
    assert latex("-x * 2", spec) == r"-x \cdot 2"
    assert latex("2 * -x", spec) == r"2 \left(-x\right)"
    assert latex("2 * (3 * x)", spec) == r"2 \cdot 3 x"
    assert latex("1 - (x - 1)", spec) == r"1 - \left(x - 1\right)"
    assert latex("x / (1 - x) ** 2", spec) == r"\frac{x}{\left(1 - x\right)^{2}}"
    assert latex("1e-06 * x", spec) == r"10^{-6} x"


@pytest.mark.parametrize("name", activations)
@pytest.mark.parametrize("readable", [0, 100])
def test_parts_mean_what_the_whole_means(name, readable):
    spec = activations[name]
    for formula in filter(None, (spec.formula, spec.stable, spec.stable_derivative)):
        own = {name: default + 0.1 * at for at, (name, default) in enumerate(spec.parameters.items(), 1)}  # none is 0
        values = {**own, "x": SCORES}
        with np.errstate(all="ignore"):
            want = compile_formula(formula, arrays())(values)
            named, last = parts(tidy(formula), readable, saved=8)
            for part, text in named:
                assert part not in values
                values[part] = compile_formula(text, arrays())(values)
            np.testing.assert_allclose(compile_formula(last, arrays())(values), want, rtol=1e-12)


def test_parts_name_only_what_repeats():
    named, last = parts(activations["entmax15"].formula)
    assert [name for name, _ in named] == ["u", "v"]
    assert len(last) < 100
    assert all(name in names_in(parse(last)) for name, _ in named)
    assert parts("exp(x) / (1 + exp(x))") == ([], "exp(x) / (1 + exp(x))")  # short enough as it is
