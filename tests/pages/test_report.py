"""The report page, operated in a browser: a real sick run, recorded here."""

from __future__ import annotations

import json
import re
import sqlite3
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from neurologist.report import words
from neurologist.watch.sampler import Spaced
from neurologist.watch.session import Session

STEPS = 12


class Deep(nn.Module):
    """Six sigmoid layers, whose gradient is lost on the way, and a ReLU whose units die."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(16, 16) for _ in range(6))
        self.gate = nn.Linear(16, 32)
        self.head = nn.Linear(32, 4)
        with torch.no_grad():
            self.gate.bias[:24], self.gate.bias[24:] = -50.0, 5.0

    def forward(self, x):
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return self.head(torch.relu(self.gate(x)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("report")
    model = Deep()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with Session(record=folder / "run.nlr", sampler=Spaced(1.0)) as session:  # each step, on a busy machine too
        for _ in range(STEPS):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(torch.randn(64, 16)), torch.randint(4, (64,))).backward()
            optimizer.step()
    found = session.diagnose()
    found.save(folder / "report.html")
    found.in_language("zh").save(folder / "zh.html")
    with sqlite3.connect(folder / "run.nlr") as record:
        samples = [step for (step,) in record.execute("SELECT step FROM sample ORDER BY step")]
    return SimpleNamespace(samples=samples, diagnosis=found, path=folder / "report.html", zh=folder / "zh.html")


def close(said: str | None, value: float) -> bool:
    return float(said or "nan") == pytest.approx(value, rel=1e-6)


def test_the_cause_stands_on_top_with_its_line(run, opened):
    page, cause = opened(run.path), run.diagnosis.findings[0]
    top = page.locator("article.finding").first
    assert cause.message in top.inner_text()
    assert cause.advice in top.inner_text()
    assert top.locator("mark").inner_text().strip() == cause.origin.code
    assert top.locator("h2").bounding_box()["y"] < 200
    exact = top.locator("table.evidence data").evaluate_all("all => all.map(one => Number(one.value))")
    assert exact == pytest.approx([e.value for e in cause.evidence if isinstance(e.value, (int, float))], rel=1e-6)


def test_the_waterfall_shows_the_diagnosis_numbers(run, opened):
    page, bars = opened(run.path), run.diagnosis.waterfall.bars
    rows = page.locator("table.fall tr.row")
    assert rows.count() == len(bars)
    for i, bar in enumerate(bars[1:], 1):
        row = rows.nth(i)
        assert row.locator("button").inner_text() == bar.label
        if bar.decades is not None:
            assert close(row.locator("[data-column=decades]").get_attribute("value"), bar.decades)
            assert row.locator("[data-column=decades]").inner_text() == words.decades(bar.decades)
        if bar.decades is not None and bar.total is not None:
            assert close(row.locator("[data-column=total]").get_attribute("value"), bar.total)


def test_bars_are_drawn_to_scale(run, opened):
    page, bars = opened(run.path), run.diagnosis.waterfall.bars
    widths = page.locator("table.fall .bar").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    sized = [(abs(b.decades), w) for b, w in zip(bars, widths, strict=True) if b.decades and abs(b.decades) > 0.2]
    per_decade = [width / size for size, width in sized[1:]]
    assert len(per_decade) > 3
    assert max(per_decade) < 1.05 * min(per_decade)


def test_a_step_is_chosen(run, opened):
    page, history = opened(run.path), run.diagnosis.history
    step = page.locator("#step")
    step.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.locator("#step-said").inner_text() == str(history.steps[3])
    for track in history.gradients[1:-1]:
        said = page.locator(f"#op-{track.op} [data-column=decades]").get_attribute("value")
        assert close(said, track.numbers["decades"][3])
    for track in history.activations:
        said = page.locator(f"#act-{track.op} [data-column=q50]").get_attribute("value")
        assert close(said, track.numbers["q50"][3])


def test_every_number_of_the_history_is_in_the_page(run, opened):
    data = json.loads(opened(run.path).locator("#data").text_content())
    history = run.diagnosis.history
    assert data["steps"] == list(history.steps) == run.samples
    assert len(run.samples) > 5
    for i, track in enumerate(history.weights):
        row = data["rows"][f"weights-{i}"]
        assert row["label"] == track.label
        for name, values in track.numbers.items():
            assert row["numbers"][name] == pytest.approx(list(values), rel=1e-6)
    losses = dict(zip(*data["losses"], strict=True))
    assert losses == pytest.approx(dict(run.diagnosis.summary.losses), rel=1e-6)


def test_a_bar_opens_its_history(run, opened):
    page, track = opened(run.path), run.diagnosis.history.gradients[3]
    row = page.locator(f"#op-{track.op}")
    row.locator(".track").click()
    detail = page.locator(f"#op-{track.op}-history")
    assert detail.locator("canvas").count() == 2
    detail.locator("summary").click()
    shown = detail.locator(".numbers tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(c => c.textContent))"
    )
    head = detail.locator(".numbers thead th").all_inner_texts()
    assert [int(cells[0]) for cells in shown] == run.samples
    column = head.index("rms_out")
    assert [float(cells[column]) for cells in shown] == pytest.approx(list(track.numbers["rms_out"]), rel=1e-5)
    row.locator("button").click()
    assert page.locator("tr.detail").count() == 0


def test_pointing_at_a_bar_tells_its_shape_and_numbers(run, opened):
    page, bar = opened(run.path), run.diagnosis.waterfall.bars[3]
    page.locator(f"#op-{bar.op} .track").hover()
    said = page.locator("#tip").inner_text()
    assert " × ".join(map(str, bar.shape)) in said
    assert f"{bar.rms_in:.6g}"[:6] in said
    assert bar.label in said


def test_the_filter_leaves_a_layer(run, opened):
    page = opened(run.path)
    page.locator("#layer").fill("LAYERS.2")
    left = page.locator("tr.row:visible button").all_inner_texts()
    assert left
    assert all("layers.2" in label for label in left if "." in label)
    assert page.locator("#count").inner_text().startswith(f"{len(left)} / ")
    page.locator("#layer").fill("")
    assert page.locator("tr.row:not(:visible)").count() == 0


def test_dead_units_are_those_that_stay_silent(run, opened):
    page = opened(run.path)
    row = page.locator("table.dead tr.row")
    assert row.count() == 1
    assert [int(row.locator("data").nth(i).get_attribute("value")) for i in range(3)] == [24, 24, 32]


def test_every_anchor_leads_somewhere(run, opened):
    page = opened(run.path)
    targets = page.locator("a[href^='#']").evaluate_all("all => all.map(one => one.hash.slice(1))")
    assert len(targets) > 6
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert set(targets) <= set(ids)
    assert len(ids) == len(set(ids))


def test_an_anchor_of_an_operation_opens_it(run, opened):
    op = run.diagnosis.waterfall.bars[3].op
    page = opened(run.path, f"#op-{op}")
    assert page.locator(f"#op-{op}-history").is_visible()


def test_it_is_worked_by_keyboard_alone(run, opened):
    page = opened(run.path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tr.row')?.id") == f"op-{run.diagnosis.waterfall.bars[2].op}":
            break
    page.evaluate("new Promise(done => { addEventListener('scroll', () => setTimeout(done, 50)); scrollBy(0, 3); })")
    assert page.locator("#tip").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator("tr.detail").count() == 0
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_fits_light_and_dark_wide_and_narrow(run, opened, scheme, width):
    page = opened(run.path, width=width, color_scheme=scheme)
    page.locator("table.fall .track").nth(3).click()
    page.locator("table.updates button").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("table.fall .track").nth(3).bounding_box()["width"] > 0.3 * width
    ink, paper = (
        page.evaluate(f"getComputedStyle(document.body).{name}.match(/\\d+/g).slice(0, 3).map(Number)")
        for name in ("color", "backgroundColor")
    )
    assert (sum(ink) < sum(paper)) is (scheme == "light")
    assert abs(sum(ink) - sum(paper)) > 450


def test_chinese(run, opened):
    page = opened(run.zh)
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    cause = run.diagnosis.in_language("zh").findings[0]
    assert cause.message in page.locator("article.finding").first.inner_text()
    page.locator("table.fall .track").nth(3).click()
    headings = page.locator("h2, h3, h4, th[scope=col], label, dt").all_inner_texts()
    english = [h for h in headings if re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", re.sub(r"\(.*?\)", "", h))]
    assert len(headings) > 30
    assert [h for h in english if not re.search("[\u4e00-\u9fff]", h)] == [
        h for h in english if h.startswith(cause.rule)
    ]


def test_it_prints_on_white_without_what_only_a_screen_needs(run, opened):
    page = opened(run.path, color_scheme="dark")
    ink = "[...document.querySelector('#loss canvas').getContext('2d').getImageData(0, 0, 2000, 400).data]"
    before = page.evaluate(f"{ink}.reduce((sum, value) => sum + value)")
    page.emulate_media(media="print")
    page.wait_for_timeout(100)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("nav, #filters").locator("visible=true").count() == 0
    assert page.locator("table.fall .bar").first.is_visible()
    assert page.evaluate(f"{ink}.reduce((sum, value) => sum + value)") != before


def test_it_is_read_without_scripts(run, opened):
    page = opened(run.path, java_script_enabled=False)
    assert page.locator("table.fall .bar").count() == len(run.diagnosis.waterfall.bars)
    totals = page.locator("[data-column=total]").evaluate_all("all => all.map(one => one.value && Number(one.value))")
    known = [(total, bar.total) for total, bar in zip(totals, run.diagnosis.waterfall.bars, strict=True) if total]
    assert len(known) > 10
    assert [total for total, _ in known] == pytest.approx([total for _, total in known], rel=1e-6)
    assert page.locator(".spark path").count() > 10
