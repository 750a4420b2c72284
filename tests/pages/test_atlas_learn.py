"""The exhibit of learning in a real browser: how lessons run, pause and are kept; the numbers of gradient descent."""

import re
from urllib.parse import unquote

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

LESSONS = ["descent", "zigzag", "small", "dying", "time"]
DESCEND = """(given) => {
  const chosen = { ...LESSONS.descent.first, ...given };
  const made = makeDescent(chosen);
  for (let i = 0; i < given.steps; i += 1) made.step();
  const { xs, ts } = made.surface;
  const { points, losses, batches, minima, best, sharpest } = made;
  return { points, losses, batches, minima, best, sharpest, edge: edgeOf(sharpest, chosen.momentum), xs, ts };
}"""
NAMELESS = """() => [...document.querySelectorAll("#view-learn :is(button, input, select, [role=img])")]
  .filter((e) => !(e.ariaLabel || e.textContent.trim() || [...(e.labels ?? [])].some((l) => l.textContent.trim())))
  .map((e) => e.outerHTML.slice(0, 90))"""
EVERY = """() => ["zigzag", "small", "dying"].flatMap((lesson) => LESSONS[lesson].choices.act().map((act) => {
  const made = LESSONS[lesson].make({ ...LESSONS[lesson].first, act });
  const losses = () => (made.sides ?? made.nets ?? [made]).map((part) => part.losses.at(-1));
  const before = losses();
  made.step();
  return [`${lesson} ${act}`, before, losses()];
}))"""
C, S = np.cos(np.pi / 6), np.sin(np.pi / 6)
HEIGHTS = {
    "bowl": lambda a, b, k: k * (C * a + S * b) ** 2 / 2 + (C * b - S * a) ** 2 / 2,
    "valley": lambda a, b, k: (1 - a).pow(2) + 10 * (b - a.pow(2)).pow(2),
    "saddle": lambda a, b, k: 2 * a.pow(2) + (b.pow(2) - 1).pow(2) / 4,
}
TORCH_LOSSES = {
    "mse": F.mse_loss,
    "huber": F.huber_loss,
    "log_cosh": lambda p, t: torch.log(torch.cosh(p - t)).mean(),
}


def height(given, found):
    """The surface as torch computes it, of a point and the samples of a batch."""
    if given["surface"] != "regression":
        return lambda at, which: HEIGHTS[given["surface"]](*at, 10 ** given.get("condition", 1))
    xs, ts = (torch.tensor(found[key], dtype=torch.float64) for key in ("xs", "ts"))

    def loss(at, which):
        x, t = (xs, ts) if which is None else (xs[which], ts[which])
        return TORCH_LOSSES[given.get("loss", "mse")](at[0] * x + at[1], t)

    return loss


CASES = [
    {"surface": "bowl", "rate": -0.75, "condition": 1.5},
    {"surface": "bowl", "rate": -1.0, "momentum": 0.9},
    {"surface": "valley", "rate": -2.2, "momentum": 0.5},
    {"surface": "saddle", "rate": -1.0},
    {"surface": "regression", "rate": -1.2, "batch": "full", "loss": "log_cosh"},
    {"surface": "regression", "rate": -1.2, "batch": "8", "loss": "mse", "momentum": 0.3},
    {"surface": "regression", "rate": -1.5, "batch": "1", "loss": "huber", "seed": 7},
]


def test_the_path_is_the_one_that_torch_s_sgd_takes(atlas, opened):
    page = opened(atlas)
    for given in CASES:
        found = page.evaluate(DESCEND, {**given, "steps": 100})
        at = torch.tensor(found["points"][0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([at], lr=10 ** given["rate"], momentum=given.get("momentum", 0))
        loss = height(given, found)
        for step, which in enumerate(found["batches"]):
            assert found["points"][step] == pytest.approx(at.tolist(), rel=1e-6, abs=1e-9), given
            assert found["losses"][step] == pytest.approx(float(loss(at, None).detach()), rel=1e-6, abs=1e-12), given
            optimizer.zero_grad()
            loss(at, which).backward()
            optimizer.step()


def test_each_epoch_takes_every_sample_once(atlas, opened):
    page = opened(atlas)
    for batch, per_epoch in (("8", 4), ("1", 32)):
        found = page.evaluate(DESCEND, {"surface": "regression", "batch": batch, "rate": -2, "steps": 3 * per_epoch})
        epochs = np.array(found["batches"]).reshape(3, 32).tolist()
        assert [sorted(epoch) for epoch in epochs] == [list(range(32))] * 3
        assert epochs[0] != epochs[1] != epochs[2]


def test_minima_and_the_edge_of_stability_are_autograd_s(atlas, opened):
    page = opened(atlas)
    for given in CASES:
        found = page.evaluate(DESCEND, {**given, "steps": 0})
        loss = height(given, found)
        curvatures = []
        for place in (found["points"][0], *found["minima"]):
            at = torch.tensor(place, dtype=torch.float64)
            hessian = torch.autograd.functional.hessian(lambda at, loss=loss: loss(at, None), at)
            curvatures.append(float(torch.linalg.eigvalsh(hessian)[-1]))
        for place in found["minima"]:
            at = torch.tensor(place, dtype=torch.float64, requires_grad=True)
            (gradient,) = torch.autograd.grad(loss(at, None), at)
            assert float(gradient.norm()) < 1e-8
            assert found["best"] == pytest.approx(float(loss(at, None).detach()), rel=1e-6, abs=1e-12)
        assert found["sharpest"] == pytest.approx(max(curvatures), rel=1e-6)
        assert found["edge"] == pytest.approx(2 * (1 + given.get("momentum", 0)) / max(curvatures), rel=1e-6)


@pytest.mark.parametrize("momentum", [0, 0.8])
def test_below_the_edge_the_loss_falls_and_above_it_grows(momentum, atlas, opened):
    page = opened(atlas)
    for surface in ("bowl", "regression"):
        edge = page.evaluate(DESCEND, {"surface": surface, "momentum": momentum, "steps": 0})["edge"]
        ends = {}
        for share in (0.98, 1.02):
            given = {"surface": surface, "momentum": momentum, "rate": float(np.log10(share * edge)), "steps": 400}
            ends[share] = page.evaluate(DESCEND, given)
        assert ends[0.98]["losses"][-1] - ends[0.98]["best"] < 0.1
        assert ends[1.02]["losses"][-1] > 100


def kept(page, lesson):
    found = re.search(rf"[#&]{lesson}=([^&]*)", unquote(page.url))
    return dict(pair.split(":") for pair in found[1].split(",")) if found else {}


def test_the_keyboard_alone_steps_runs_and_changes_a_descent(atlas, opened):
    page = opened(atlas, "#view=learn", reduced_motion="reduce")
    verdict = page.locator("#lesson-verdict")

    def press(name, key="Enter"):
        page.get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press(key)

    press("Reset")
    assert "step 0" in page.locator("#lesson .buttons").inner_text()
    press("Step")
    press("Step", "Space")
    assert kept(page, "descent") == {"steps": "2"}
    assert page.locator("circle.walked").count() == 3
    press("Too large")
    press("Run")  # without motion all at once
    expect(verdict).to_contain_text("Too large")
    press("Right")
    expect(verdict).to_contain_text("Arrived")
    rate = page.get_by_label("Learning rate η")
    rate.focus()
    page.keyboard.press("Home")
    assert float(kept(page, "descent")["rate"]) == -4
    expect(verdict).to_contain_text("Too small")
    said = verdict.inner_text()
    page.reload()
    expect(verdict).to_have_text(said)
    page.get_by_label("Surface", exact=True).focus()
    page.keyboard.press("r")
    assert page.get_by_label("Surface", exact=True).input_value() == "regression"
    assert page.evaluate("document.activeElement.value") == "regression"
    page.get_by_label("Batch", exact=True).select_option("1")
    page.locator("#language").click()
    expect(verdict).to_contain_text("最小值")
    assert page.locator("#lesson-cure").inner_text().startswith("学习率")
    page.locator("#lesson-cure a").first.click()
    assert page.locator("#card h2").inner_text() == "huber"
    assert page.locator("nav [data-view=gallery]").inner_text() == "图库"


def test_a_run_shows_its_frames_and_rests_when_nobody_sees_it(atlas, opened):
    page = opened(atlas, "#view=learn&descent=rate:-4,steps:0")
    counted = "UNDER_WAY.count"

    def run():
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator("#lesson .buttons output").filter(has_not_text=f"step {page.evaluate(counted)}").wait_for()

    def rests():
        before = page.evaluate(counted)
        page.wait_for_timeout(150)
        assert page.evaluate(counted) == before > 0
        assert page.evaluate("() => { readAddress(); return readLesson('descent').steps; }") == before

    run()
    page.get_by_role("button", name="Pause", exact=True).click()
    rests()
    run()
    page.get_by_role("button", name="Gallery", exact=True).click()
    rests()
    page.get_by_role("button", name="Learning", exact=True).click()
    run()
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    rests()


@pytest.mark.parametrize("width", [390, 1440])
def test_every_lesson_fits_the_screen_and_everything_has_a_name(width, atlas, opened):
    page = opened(atlas, "#view=learn", width=width, color_scheme="dark" if width < 900 else "light")
    assert page.evaluate("Object.keys(LESSONS).sort((a, b) => LESSONS[a].at - LESSONS[b].at)") == LESSONS
    for lesson in LESSONS:
        for lang in ("en", "zh"):
            page.evaluate("([lesson, lang]) => { change({ lesson }); speakIn(lang); }", [lesson, lang])
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, lesson
            assert page.evaluate(NAMELESS) == []
            axes = page.locator("#lesson svg.plot .axis").all_text_contents()
            assert axes
            assert all(text.strip() for text in axes)
        if width < 900:
            found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found] == []


def test_a_strange_address_of_a_lesson_is_read_as_far_as_it_makes_sense(atlas, opened):
    page = opened(
        atlas, "#view=learn&lesson=__proto__&descent=rate:oops,steps:1e9,surface:toString,constructor:1,momentum:"
    )
    assert page.locator("#lesson h2").inner_text() == "Gradient descent"
    expect(page.locator("#lesson-verdict")).to_contain_text("after 2000 steps")


def test_the_filled_samples_are_those_of_the_last_batch(atlas, opened):
    page = opened(atlas, "#view=learn&descent=surface:regression,batch:8,rate:-1.2,steps:5")
    figure = page.get_by_role("img", name="The samples")
    assert [figure.locator(f"circle.{kind}").count() for kind in ("dot", "left-out")] == [8, 24]
    page.get_by_label("Batch", exact=True).select_option("full")
    assert [figure.locator(f"circle.{kind}").count() for kind in ("dot", "left-out")] == [32, 0]


def test_every_activation_serves_every_lesson(atlas, opened):
    page = opened(atlas, "#view=learn&own=x*sigmoid(2*x)")
    found = {name: (before, after) for name, before, after in page.evaluate(EVERY)}
    assert len(found) > 250
    assert [name for name, (before, _) in found.items() if not np.all(np.isfinite(before))] == []
    assert [name for name, (before, after) in found.items() if before == after] == []
    for lesson in ("zigzag", "small", "dying", "time"):
        page.evaluate("(lesson) => { change({ lesson }); changeLesson({ act: 'my_function' }); }", lesson)
        assert "my_function" in unquote(page.url)
        assert not re.search("undefined|NaN", page.locator("#lesson-verdict").inner_text())
