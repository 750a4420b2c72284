"""How the atlas looks: on paper, in the dark, to a colour-blind reader; and what it says of a lost gradient."""

import itertools
import math
import re

import pytest

LINES = """() => Array.from({ length: 8 }, (_, i) => {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("class", `line c${i}`);
  document.body.append(line);
  const style = getComputedStyle(line);
  const found = [style.stroke, style.strokeDasharray, getComputedStyle(document.body).backgroundColor];
  line.remove();
  return found;
})"""
LEAST = 3.0  # contrast of graphics against their ground: WCAG 2.2, 1.4.11
# Brettel, Vienot and Mollon's kinds of blindness as Machado, Oliveira and Fernandes (2009) give them, in linear RGB
BLIND = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}
APART = 0.06  # in linear RGB; two lines nearer than this must differ by their dash


def linear(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def light(colour):
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one, other):
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def blinded(matrix, colour):
    return [sum(weight * part for weight, part in zip(row, linear(colour), strict=True)) for row in matrix]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_can_be_told_apart_by_a_colour_blind_reader(scheme, atlas, opened):
    lines = opened(atlas, color_scheme=scheme).evaluate(LINES)
    for stroke, _, ground in lines:
        assert contrast(stroke, ground) >= LEAST, stroke
    for name, matrix in BLIND.items():
        seen = [
            ([sum(m * c for m, c in zip(row, linear(s), strict=True)) for row in matrix], dash) for s, dash, _ in lines
        ]
        for (one, dash), (other, other_dash) in itertools.combinations(seen, 2):
            assert math.dist(one, other) > APART or dash != other_dash, name


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [1280, 1440])
def test_title_and_navigation_stand_in_one_row(lang, width, atlas, opened):
    page = opened(atlas, f"#lang={lang}", width=width)
    boxes = [part.bounding_box() for part in page.locator("header h1, header button").all()]
    assert len(boxes) > 5
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) < 5
    assert boxes[-1]["x"] + boxes[-1]["width"] <= width


def test_paper_is_white_and_has_no_buttons(atlas, opened):
    page = opened(atlas, "#show=activation/gelu", color_scheme="dark")
    assert light(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.05
    page.emulate_media(media="print")
    assert light(page.evaluate("getComputedStyle(document.body).backgroundColor")) == pytest.approx(1)
    assert light(page.evaluate("getComputedStyle(document.body).color")) < 0.05
    assert not page.locator("nav [data-view]").first.is_visible()
    assert page.locator("#card svg.plot").is_visible()
    cut = """[...document.querySelectorAll("#card, #card .wide, #card pre")].filter((part) =>
      getComputedStyle(part).overflowX !== "visible").length"""
    assert page.evaluate(cut) == 0


def test_who_asks_for_less_motion_sees_none(atlas, opened):
    page = opened(atlas, reduced_motion="reduce")
    for view in ("gallery", "compare", "depth", "softmax", "own", "run"):
        page.evaluate("(view) => change({ view })", view)
        assert page.evaluate("document.getAnimations().length") == 0


def test_it_says_with_numbers_why_a_gradient_is_lost(atlas, opened):
    page = opened(atlas, "#view=depth")
    script = "(() => { const { parts, gradient } = runDepth(settingsOf(readDeep())); return { parts, gradient }; })()"
    run = page.evaluate(script)
    why = page.locator("#deep-why").inner_text().replace("−", "-")
    factors = [math.prod(layer[at] for layer in run["parts"]) ** (1 / 30) for at in (0, 1)]
    total = run["gradient"][0] / run["gradient"][-1]
    assert f"multiply its RMS by {factors[0]:.3g}" in why
    assert f"by {factors[1]:.3g} on the whole" in why
    assert "0.25 at its steepest" in why
    assert f"{factors[0] * factors[1]:.3g} per layer" in why
    assert math.prod(factors) ** 30 == pytest.approx(total, rel=1e-6)
    page.locator("#language").click()
    assert "该导数最大也只有 0.25" in page.locator("#deep-why").inner_text()
    cases = {"norm:layer,residual:1": "残差连接", "act:relu,dtype:float16,scale:-8": "损失缩放"}
    for deep, said in {**cases, "init:own,std:4,act:relu,dtype:float16": "前向"}.items():
        page.evaluate("(deep) => change({ deep })", deep)
        assert said in page.locator("#deep-why").inner_text()
