"""The gallery of the atlas in a real browser: its numbers against Python's, and all that a reader can do."""

import re
from urllib.parse import unquote

import numpy as np
import pytest

from neurologist.atlas.build import LANGUAGES, _literal
from neurologist.atlas.drawn import drawn
from neurologist.catalogue import activations, losses
from neurologist.catalogue.differentiate import differentiate
from neurologist.catalogue.oracle import exact
from neurologist.functional import curves
from neurologist.functional import losses as loss_functions
from neurologist.theory.numeric import on_arrays, value_and_slope
from neurologist.theory.traits import traits

LARGEST = 1_500_000  # bytes
POINTS = 1000
DIGITS = 1e-6
H = 1e-3  # of differences whose error is of fourth order
ASK = """([key, order, xs]) => {
  const member = memberOf(key);
  const parameters = member.parameters.map((parameter) => parameter.default);
  return xs.map((x) => { const y = valueOf(member, order, x, parameters); return Number.isFinite(y) ? y : null; });
}"""


@pytest.fixture
def ask(atlas, opened):
    page = opened(atlas)

    def numbers(key, order, xs):
        found = page.evaluate(ASK, [key, order, list(map(float, xs))])
        return np.array([np.nan if y is None else y for y in found], dtype=float)

    return page, numbers


def between(low, high):
    """Points that meet no kink: its place is a round number."""
    return low + (high - low) * (np.arange(POINTS) + 1 / np.pi) / POINTS


def differences(function, x):
    """The slope by differences, NaN near a kink, where two step sizes disagree."""
    fine, coarse = (
        (8 * (function(x + h) - function(x - h)) - (function(x + 2 * h) - function(x - 2 * h))) / (12 * h)
        for h in (H, 2 * H)
    )
    return np.where(np.abs(fine - coarse) < 1e-6 * np.maximum(1, np.abs(fine)), fine, np.nan)


def assert_same(found, expected, digits, judged=0.9, noise=1e-9):
    known = np.isfinite(expected)
    assert known.mean() >= judged
    size = np.max(np.abs(expected[known]), initial=0)
    np.testing.assert_allclose(found[known], expected[known], rtol=digits, atol=noise * max(size, 1e-3))


@pytest.mark.slow
def test_every_activation_is_what_python_says(ask):
    _, numbers = ask
    x = between(curves.LOW, curves.HIGH)
    for name, spec in activations.items():
        value, slope = value_and_slope(spec, spec.parameters)
        if spec.vector:
            second, digits = differences(slope, x), 1e-5
        else:
            second, digits = on_arrays(differentiate(spec.derivative, "x"), spec.parameters)(x), DIGITS
        assert_same(numbers(f"activation/{name}", 0, x), value(x), DIGITS)
        assert_same(numbers(f"activation/{name}", 1, x), slope(x), DIGITS)
        assert_same(numbers(f"activation/{name}", 2, x), second, digits)


@pytest.mark.slow
def test_every_activation_is_what_50_digits_say(ask):
    _, numbers = ask
    x = np.array([-30.0, -7.3, -2.1, -0.6, -1e-3, 1e-3, 0.7, 1.9, 6.4, 30.0])
    for name, spec in activations.items():
        if spec.vector:
            continue
        for order, formula in enumerate((spec.formula, spec.formula_derivative)):
            truth = [float(exact(formula, {**spec.parameters, "x": at})) for at in x]
            assert_same(numbers(f"activation/{name}", order, x), np.array(truth), DIGITS, judged=0.5)


@pytest.mark.slow
def test_every_loss_is_what_python_says(ask):
    _, numbers = ask
    seen = 0
    for name, spec in losses.items():
        setting = curves.setting(spec)
        if setting is None:
            continue
        seen += 1
        x = between(setting.low + 4 * H, setting.high - 4 * H)
        at, _ = curves._rows(loss_functions[name])
        with np.errstate(all="ignore"):
            value, slope = at(x), differences(at, x)
        shown = drawn(spec)
        second = on_arrays(shown.formulas[2], shown.fixed, spec.symbol)(x)  # of 50 digits at some points, see below
        assert_same(numbers(f"loss/{name}", 0, x), value, DIGITS)
        assert_same(numbers(f"loss/{name}", 1, x), slope, DIGITS, noise=1e-8)
        assert_same(numbers(f"loss/{name}", 2, x), second, DIGITS)
    assert seen > 60


@pytest.mark.slow
def test_every_loss_is_what_50_digits_say(ask):
    _, numbers = ask
    for name, spec in losses.items():
        setting = curves.setting(spec)
        if setting is None:
            continue
        x = between(setting.low + 4 * H, setting.high - 4 * H)[::110]
        truth = np.array([truths(spec, setting, at) for at in x]).T
        for order in range(3):
            assert_same(numbers(f"loss/{name}", order, x), truth[order], DIGITS)


def truths(spec, setting, x):
    """Value, slope and second slope of the textbook formula, by differences over 1e-14 of 50 digits."""
    import mpmath as mp

    with mp.workdps(60):
        h = mp.mpf(10) ** -14
        left, middle, right = (at_50_digits(spec, setting, mp.mpf(float(x)) + step) for step in (-h, 0, h))
        return [float(found) for found in (middle, (right - left) / (2 * h), (right - 2 * middle + left) / h**2)]


def at_50_digits(spec, setting, x):
    given = {
        letter: [exact(entry, {spec.symbol: x}) for entry in entries] for letter, entries in setting.entries.items()
    }
    plain = {letter: entries if spec.vector and len(entries) > 1 else entries[0] for letter, entries in given.items()}
    found = exact(spec.formula, {**spec.parameters, **plain})
    return found if not isinstance(found, np.ndarray) else found.ravel()[0]


@pytest.mark.parametrize("name", ["mish", "eis", "silu", "mila"])
def test_a_branch_of_the_formula_alone_leaves_no_spike(name, ask):
    _, numbers = ask
    spec = activations[name]
    meeting = -spec.parameters.get("beta", 0.0) if name == "mila" else 0.0
    truth = second_at(meeting, spec.formula, spec.parameters)
    assert numbers(f"activation/{name}", 2, [meeting]) == pytest.approx([truth], rel=1e-6)


def second_at(x, formula, given):
    import mpmath as mp

    with mp.workdps(60):
        h, x = mp.mpf(10) ** -12, mp.mpf(x)
        left, middle, right = (exact(formula, {**given, "x": at}) for at in (x - h, x, x + h))
        return float((right - 2 * middle + left) / h**2)


def test_a_tie_of_two_scores_leaves_no_spike(ask):
    _, numbers = ask
    for order, truth in enumerate((np.log(2), -0.5, 0.25)):
        assert numbers("loss/cross_entropy", order, [0.0]) == pytest.approx([truth], rel=1e-6)


def test_losses_without_a_formula_are_drawn_through_computed_points(ask):
    _, numbers = ask
    for name in ("rank_net", "info_nce", "circle"):
        curve = curves.curve(loss_functions[name])
        assert_same(numbers(f"loss/{name}", 0, curve.x), curve.value, DIGITS)
        assert_same(numbers(f"loss/{name}", 1, curve.x), curve.slope, DIGITS)


def test_every_card_opens_in_both_languages(atlas, opened):
    page = opened(atlas)
    script = """(lang) => { speakIn(lang); return MEMBERS.map((member) => {
      change({ show: keyOf(member) }); return document.querySelector("#card h2").firstChild.textContent; }); }"""
    for lang in LANGUAGES:
        titles = page.evaluate(script, lang)
        assert titles == [*activations, *losses]


def test_it_is_one_small_file(atlas):
    assert atlas.stat().st_size < LARGEST
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text := atlas.read_text(encoding="utf-8"))
    assert "default-src 'none'" in text


def test_text_cannot_end_its_script():
    written = _literal({"name": "</script><script>alert(1)</script><!-- \u2028"})
    assert not re.search(r"</|<!--|<script|\u2028", written)


def numbers_shown(page):
    return [float(text.replace("−", "-")) for text in page.locator("#readout b").all_inner_texts()]


def test_the_keyboard_alone_shows_a_function_and_moves_its_tangent(atlas, opened):
    page = opened(atlas)
    page.locator("#search").focus()
    page.keyboard.type("hyperbolic tangent")
    assert page.locator(".tile:visible").count() < 30
    page.locator("#search").fill("softsign")
    page.locator(".tile .open").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#card h2").inner_text() == "softsign"
    page.locator("#card .slider input").first.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    x = float(re.search(r"x=([^&]+)", page.url)[1])
    assert x == pytest.approx(1.3, abs=1e-6)
    shown = numbers_shown(page)
    expected = [x / (1 + x), 1 / (1 + x) ** 2, -2 / (1 + x) ** 3]
    assert shown == pytest.approx(expected, rel=1e-6)
    page.reload()
    assert page.locator("#card h2").inner_text() == "softsign"
    assert numbers_shown(page) == shown


def test_a_drag_moves_the_point_and_a_slider_the_parameter(atlas, opened):
    page = opened(atlas, "#show=activation/elu")
    box = page.locator("#card svg.plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 80, steps=4)
    page.mouse.up()
    x = float(re.search(r"x=([^&]+)", page.url)[1])
    assert -3.5 < x < -1.5
    alpha = page.locator("#card .parameters input")
    alpha.focus()
    page.keyboard.press("End")
    slope = float(alpha.get_attribute("max")) * np.exp(x)
    assert numbers_shown(page)[1] == pytest.approx(slope, rel=1e-5)
    assert "alpha:" in unquote(page.url)
    page.get_by_role("button", name="Defaults").click()
    assert numbers_shown(page)[1] == pytest.approx(np.exp(x), rel=1e-5)
    assert "alpha" not in page.url


def test_filters_and_orders_agree_with_the_catalogue(atlas, opened):
    page = opened(atlas)
    page.get_by_label("have a dead zone").check()
    page.get_by_label("are odd").check()
    expected = [name for name, spec in activations.items() if traits(spec).odd and traits(spec).dead_intervals]
    assert page.locator("#tiles .name").all_text_contents() == expected
    page.get_by_label("Sort by", exact=True).select_option("gain")
    gains = [traits(activations[name]).gain for name in page.locator("#tiles .name").all_text_contents()]
    assert gains == sorted(gains)
    assert len(gains) == len(expected)


def test_up_to_eight_functions_are_compared(atlas, opened):
    page = opened(atlas, "#compare=")
    boxes = page.locator("#tiles .pick input")
    for index in range(9):
        boxes.nth(index).click()
    assert page.locator("#status").inner_text() == "At most 8 functions: take one out first."
    assert not boxes.nth(8).is_checked()
    page.get_by_role("button", name="Compare", exact=True).click()
    assert page.locator("#compare-table tbody tr").count() == 8
    assert page.locator("#compare-body .figure path.line").count() == 8
    page.get_by_role("button", name="remove abs").click()
    assert page.locator("#compare-table tbody tr").count() == 7
    page.get_by_label("Draw", exact=True).select_option("1")
    page.reload()
    assert page.locator("#compare-table tbody tr").count() == 7
    assert page.get_by_label("Draw", exact=True).input_value() == "1"


def test_the_language_changes_without_a_reload(atlas, opened):
    page = opened(atlas)
    page.evaluate("window.sameAsBefore = true")
    page.locator("#language").click()
    assert page.evaluate("[window.sameAsBefore, document.documentElement.lang]") == [True, "zh-CN"]
    assert page.locator("nav [data-view=gallery]").inner_text() == "图库"
    assert "标准正态" in page.locator("#about").inner_text()
    assert "增益" in page.locator("#card table.facts").inner_text()
    assert "lang=zh" in page.url
    page.reload()
    assert page.locator("nav [data-view=gallery]").inner_text() == "图库"


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("view", ["gallery", "compare"])
def test_nothing_is_wider_than_the_screen_and_everything_has_a_name(view, width, atlas, opened):
    page = opened(atlas, f"#view={view}&show=activation/spline", width=width)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, [role=img]")].filter((e) =>
        !(e.ariaLabel || e.textContent.trim() || e.labels?.length && [...e.labels].some((l) => l.textContent.trim())))
        .map((e) => e.outerHTML.slice(0, 90))"""
    )
    assert nameless == []


def test_an_unknown_address_shows_the_first_view(atlas, opened):
    for show in ("activation/nothing", "activation/my_function"):
        page = opened(atlas, f"#view=nonsense&show={show}&sort=__proto__&p=a:b&x=oops&traits=what")
        assert page.locator("#view-gallery").is_visible()
        assert page.locator("#card h2").inner_text()
