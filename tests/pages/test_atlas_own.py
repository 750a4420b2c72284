"""The reader's own function in a real browser: its numbers, traits and refusals against Python's `nl.activation`."""

import random
import re
from urllib.parse import quote, unquote

import numpy as np
import pytest

import neurologist as nl
from neurologist.catalogue import activations
from neurologist.catalogue.errors import DeclarationError, FormulaError
from neurologist.catalogue.expression import free_names
from neurologist.theory.traits import traits

DIGITS = 1e-6
SEED = 11
COUNT = 60  # formulas drawn at random
X = np.linspace(-6, 6, 61) + 0.0137  # meets no kink of round numbers
ASK = """([text, letters, xs]) => {
  change({ own: text, letters: Object.entries(letters).map(([name, value]) => `${name}:${value}`).join(",") });
  const { member, error } = ownFound();
  if (error) return error.key;
  const given = member.parameters.map((parameter) => parameter.default);
  return [0, 1, 2].map((order) => xs.map((x) => String(valueOf(member, order, x, given))));
}"""
WRITTEN = (
    *("x / (1 + exp(-b*x))", "max(x, a*x)", "where(x > 0, x, a * expm1(x))", "x * tanh(softplus(x))"),
    *("(exp(x) - 1)", "x + sin(a*x)**2/a", "erf(a*x) * exp(-x**2/2)", "hypot(x, a)", "x**3 - x"),
    *("sqrt(x**2 + b) - 1", "min(max(x,-1),1)", "abs(x)**1.5", "log(1 + exp(b*x))", "2**x + 0 * x"),
    *("(1 + x**2)**(a*x)", "-x**2", "x*-2", "+x", "1 - erf(x)", "atan(x)*pi", "where(x**2 <= 1, x, sign(x))"),
    *("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "asinh(x) + cosh(x/3) - sinh(x/4)", "bell(x) * x"),
    *("gauss(x - 1)", "erfc(x)", "log1p(x**2)", "where((x >= a), x * e, 0.5e-1 * x,)", "x * 1_0 + .5"),
    *("cos(x)", "sigmoid(x) ** b", "x ** 2.0 / (1 + abs(x))", "constructor * x + toString"),
    *("where(x == 0, 1, sin(x) / x)", "x ** a"),
)  # fmt: skip


def drawn(rng, depth):
    """A formula at random, mostly finite around 0."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(["x", "x", "a", "b", "2", "0.5", "pi"])
    inner = [drawn(rng, depth - 1) for _ in range(4)]
    return rng.choice(
        [
            "({0} + {1})",
            "({0} - {1})",
            "{0} * {1}",
            "({0}) / (1 + abs({1}))",
            "({0}) ** 2",
            "tanh({0})",
            "sigmoid({0})",
            "sin({0})",
            "exp(-abs({0}))",
            "log(1 + ({0}) ** 2)",
            "sqrt(1 + ({0}) ** 2)",
            "max({0}, {1})",
            "where({0} > {1}, {2}, {3})",
            "erf({0})",
            "softplus({0})",
            "atan({0})",
            "hypot(1, {0})",
            "(2 + sin({0})) ** ({1})",
            "-({0})",
        ]
    ).format(*inner)


def formulas():
    rng = random.Random(SEED)
    found = [drawn(rng, 3) for _ in range(COUNT)]
    return [*WRITTEN, *(text for text in found if "x" in free_names(text))]


def assert_same(found, expected, what):
    known = np.isfinite(expected) & (np.abs(expected) < 1e12)
    size = np.max(np.abs(expected[known]), initial=0)
    np.testing.assert_allclose(
        found[known], expected[known], rtol=DIGITS, atol=1e-9 * max(size, 1e-3), err_msg=str(what)
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_numbers_are_those_of_python_s_activation(atlas, opened):
    page = opened(atlas)
    judged = 0
    for text in formulas():
        letters = {name: 1.5 if name == "b" else 0.7 for name in free_names(text) - {"x"}}
        try:
            made = nl.activation("mine", text, **letters)
        except (FormulaError, DeclarationError):
            continue
        found = np.array(page.evaluate(ASK, [text, letters, X.tolist()])).astype(float)
        expected = [made(X), made.derivative(X), made.derivative(X, order=2)]
        for order in range(3):
            assert_same(found[order], expected[order], (text, order))
        judged += 1
    assert judged > 60


ACCEPTED = (
    *(" x ", "x+\t1", "exp(\n x)", "((((x))))", "x ** -2", "x ** 64", "0x10 * x", "x * 1e-300", "5. * x"),
    *("a1_b * x", "00 + x", "where(x < inf, x, 0)", "x + " * 150 + "x", "valueOf + x"),
    *("hasOwnProperty * x", "--x", "x - -x", "(" * 150 + "x" + ")" * 150),
)  # fmt: skip
REFUSED = {
    "": "own_empty",
    "   ": "own_empty",
    "a": "own_no_x",
    "x +": "own_ends",
    "(x": "own_unclosed",
    "exp(x": "own_unclosed",
    "x)": "own_strange",
    "2x": "own_times",
    "2 x": "own_times",
    "x(2)": "own_unknown",
    "(x)(2)": "own_times",
    "x ^ 2": "own_power",
    "x if x > 0 else 0": "own_where",
    "x % 2": "own_where",
    "x // 2": "own_where",
    "x > 0 and x": "own_where",
    "x > 0": "own_compare",
    "exp(x > 0)": "own_compare",
    "where(0 < x < 1, x, 0)": "own_compare_once",
    "where(x, 1, 0)": "own_condition",
    "where(x > 0, x)": "own_counts",
    "exp()": "own_counts",
    "exp(x, x)": "own_counts",
    "exp + x": "own_function",
    "ln(x)": "own_elsewhere",
    "tanH(x)": "own_near",
    "frobnicate(x)": "own_unknown",
    "constructor(x)": "own_unknown",
    "__proto__ * x": "own_letter",
    "_a * x": "own_letter",
    "x.__class__": "own_strange",
    "x[0]": "own_strange",
    "alert`1`+x": "own_strange",
    "'x' * x": "own_strange",
    "lambda: x": "own_strange",
    "x = 1": "own_strange",
    "x; x": "own_strange",
    "x # what": "own_strange",
    "x\n+ 1": "own_two_lines",
    "x²": "own_look_alike",
    "×": "own_look_alike",
    "💥 * x": "own_strange",
    "007 * x": "own_number",
    "1__0 * x": "own_number",
    "1j * x": "own_times",
    "1e999 * x": "own_huge",
    "x ** 65": "own_large_power",
    "x + 1 / 0": "own_no_number",
    "x + (-1) ** 0.5": "own_no_number",
    "softmax(x)": "own_vector",
    "max(x)": "own_vector",
    "y * x": "own_taken",
    "log(-1 - x ** 2)": "own_nowhere",
    "(" * 300 + "x" + ")" * 300: "own_nested",
    "-" * 5000 + "x": "own_nested",
    "exp(" * 3000 + "x" + ")" * 3000: "own_nested",
    "x" + " ** x" * 3000: "own_nested",
    "tanh(" * 30 + "x" + ")" * 30: "own_levels",
    "x" + " + x" * 2500: "own_deep",
    "x" * 10_000: "own_no_x",
    "(" * 10_000: "own_nested",
    "x+" * 10_001: "own_long",
}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_it_takes_what_python_takes_and_refuses_what_python_refuses(atlas, opened):
    page = opened(atlas)
    for text in ACCEPTED:
        nl.activation("mine", text, **dict.fromkeys(free_names(text) - {"x"}, 1.0))
        assert page.evaluate(ASK, [text, {}, [1]])[0] != "o", text[:60]
        assert isinstance(page.evaluate(ASK, [text, {}, [1]]), list), text[:60]
    for text, key in REFUSED.items():
        assert page.evaluate(ASK, [text, {}, [1]]) == key, text[:60]
        with pytest.raises((FormulaError, DeclarationError)):
            nl.activation("mine", text, **letters_of(text))


def letters_of(text):
    try:
        return dict.fromkeys(free_names(text) - {"x"}, 1.0)
    except FormulaError:
        return {}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_mistake_is_said_in_words_at_its_place_in_both_languages(atlas, opened):
    page = opened(atlas, "#view=own")
    field, says = page.get_by_label("Formula of your own function"), page.locator("#own-error")
    for text, marked, word in (
        ("x * tanH(x)", "tanH(x)", "nearest is tanh"),
        ("exp(x", "(", "never closed"),
        ("2 x + 1", "2 x", "write * for a product"),
        ("where(x, 1, 0)", "x", "begins with a comparison"),
        ("<img src=x onerror=alert(1)>", "<", "does not belong"),
    ):
        field.fill(text)
        assert word in says.inner_text()
        assert says.locator("mark").inner_text() == marked
        assert field.get_attribute("aria-invalid") == "true"
        assert not page.locator("#own-figure").is_visible()
    for text in [*list(REFUSED)[::7], "x * 10 ** 10000"]:
        page.evaluate("(own) => change({ own })", text)
        assert says.inner_text()
        page.evaluate("speakIn('zh')")
        assert re.search("[\u4e00-\u9fff]", says.locator("p").inner_text())
        page.evaluate("speakIn('en')")
        assert len(says.inner_text()) < 500
    field.fill("x * tanh(x)")
    assert says.inner_text() == ""
    assert page.locator("#own-figure svg.plot path.line").count() == 3


SHAPES = (
    *("x / (1 + exp(-x))", "max(x, 0)", "min(max(x, -1), 1)", "tanh(x)", "x ** 2", "where(x > 0, 1, 0)", "sin(x)"),
    *("where(x > 1, x, 0)", "-atan(x)", "exp(-x ** 2)", "abs(x) - 1", "x * cos(x)"),
)  # fmt: skip
NUMBERS = ("gain", "slope_gain", "chi_1", "q_slope", "mean", "lipschitz")
SAID = (
    *("direction", "odd", "even", "zero_centred", "saturates_left", "saturates_right", "convex", "concave"),
    "kinks",
)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", SHAPES)
def test_its_traits_are_those_that_python_finds(text, atlas, opened):
    page = opened(atlas, f"#view=own&own={quote(text)}")
    spec = nl.activation("mine", text).spec
    expected = traits(spec)
    found = page.evaluate("(() => { const { traits, range } = ownMember(); return { ...traits, range }; })()")
    for name in NUMBERS:
        wanted = getattr(expected, name)
        assert float(str(found[name]).replace("Infinity", "inf")) == pytest.approx(wanted, rel=1e-6, abs=1e-9), name
    assert {name: found[name] for name in SAID} == {name: tuple_free(getattr(expected, name)) for name in SAID}
    ends = (-np.inf, np.inf) if "x * cos" in text else (spec.range.lo, spec.range.hi)  # Python's grid cuts it off
    shown = [float(str(found["range"][end]).replace("Infinity", "inf")) for end in ("lo", "hi")]
    assert shown == pytest.approx(ends, rel=1e-6, abs=1e-6)
    ends = [text.strip("[]()∞−-") for text in found["dead_intervals"]]
    assert len(ends) == len(expected.dead_intervals)
    assert page.locator("#own-traits tr").count() >= 9
    assert "not proved" in page.locator("#own-facts").inner_text()


def tuple_free(value):
    return list(value) if isinstance(value, tuple) else value


def test_a_slider_moves_a_letter_and_the_address_keeps_all(atlas, opened):
    page = opened(atlas, "#view=own&x=0.5")
    page.get_by_label("Formula of your own function").fill("x * sigmoid(b * x) + c")
    sliders = page.locator("#own-letters input")
    assert sliders.count() == 2
    sliders.nth(1).focus()
    page.keyboard.press("End")
    expected = 0.5 / (1 + np.exp(-0.5)) + 3
    value = page.locator("#own-readout b").first
    assert float(value.inner_text()) == pytest.approx(expected, rel=1e-6)
    assert page.evaluate("document.activeElement.type") == "range"
    assert "c:3" in unquote(page.url)
    page.reload()
    assert float(value.inner_text()) == pytest.approx(expected, rel=1e-6)
    assert 'x * sigmoid(b * x) + c", b=1, c=3' in page.locator("#own-facts pre").inner_text()
    code = page.locator("#own-facts pre").inner_text()
    names = {}
    exec(code, names)
    assert names["my_function"](0.5) == pytest.approx(expected, rel=1e-9)


def test_it_is_compared_with_its_neighbours_and_runs_in_the_depth_exhibit(atlas, opened):
    page = opened(atlas, "#view=own&own=max(x,a*x)&letters=a:0.2")
    assert page.locator("#own-near li").count() == 3
    page.get_by_role("button", name="Compare them").click()
    row = page.locator("#compare-table tbody tr").first
    assert row.locator("th").inner_text() == "my_function"
    assert "1.387" in row.inner_text()  # the gain of a leaky ReLU with slope 0.2
    page.reload()
    assert row.locator("th").inner_text() == "my_function"
    row.get_by_role("button", name="my_function", exact=True).click()
    page.get_by_role("button", name="See it in a deep network").click()
    assert page.get_by_label("Activation", exact=True).input_value() == "my_function"
    theory = page.evaluate("theoryOf(settingsOf(readDeep()))")
    expected = nl.propagation(nl.activation("mine", "max(x, a*x)", a=0.2), 30)
    assert theory["signal"] == pytest.approx(expected.signal, rel=1e-6)
    assert theory["gradient"] == pytest.approx(expected.gradient, rel=1e-6)
    page.reload()
    assert page.get_by_label("Activation", exact=True).input_value() == "my_function"


def test_what_equals_a_member_is_found_beside_it(atlas, opened):
    page = opened(atlas, "#view=own")
    for name in ("gelu", "softsign", "hardswish", "elu", "lisht"):
        spec = activations[name]
        letters = ",".join(f"{letter}:{value}" for letter, value in spec.parameters.items())
        page.evaluate("([own, letters]) => change({ own, letters })", [spec.formula, letters])
        assert name in page.locator("#own-near").inner_text()
        assert page.evaluate("ownNearest(ownMember())[0][0]") < 1e-9


@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_the_screen(width, atlas, opened):
    long = quote("x" + " + tanh(a_long_name * x)" * 30)
    page = opened(atlas, f"#view=own&own={long}", width=width)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_label("Formula of your own function").fill("x" * 9000)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
