"""The report page of odd diagnoses: hostile names, nothing found, nothing measured, one sample, very many ops."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace

import diagnosis as bench
import pytest
import torch

import neurologist as nl
from neurologist.diagnose import (
    Bar,
    Diagnosis,
    Evidence,
    Finding,
    History,
    NotMeasured,
    Origin,
    Summary,
    Symptom,
    Track,
    Waterfall,
)  # fmt: skip
from neurologist.report import html

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "closing": "</script><script>alert(2)</script><!--",
    "attribute": '" onmouseover="alert(3)" \'><img src=x onerror=alert(4)>',
    "template": "{{ 7 * 7 }}{% raw %}${alert(5)}",
    "right-to-left": "a\u202eb\u2066c",
    "long": "n" * 10_000,
    "separators": "a\u2028b\u2029c\x00d\x1b[31m",
    "half a character": "\ud800x",
    "spaces and quotes": "  it's `this`  & that  ",
}


def named(name: str) -> Diagnosis:
    """A diagnosis in which everything that comes from the user's program is called so."""
    origin = Origin(name, 3, name, name)
    bars = tuple(
        Bar(name, "activation" if i else "loss", origin, 1.0, 0.01, -2.0, -2.0 * i, None, i, (2, 3)) for i in range(4)
    )
    at = {"rms_in": (1.0, 0.5), "rms_out": (0.01, None), "decades": (-2.0, None), "total": (-2.0, None)}
    on = {"q05": (0.0, 0.1), "q25": (0.1, 0.1), "q50": (0.2, 0.2), "q75": (0.3, 0.3), "q95": (0.4, 0.5)}
    history = History(
        (0, 5), (1.0, None), tuple(Track(name, origin, i, at) for i in range(4)),
        (Track(name, origin, 1, {**on, "units": (8, 8), "dead": (1, 8)}),),
        (Track(name, origin, 1, {"ratio": (1e-3, math.inf), "rms": (1.0, 0.0)}),),
    )  # fmt: skip
    finding = Finding(
        name, "NL1", name, "error", name, name, origin, (Evidence(name, name, name, name, 3), Evidence("e", math.nan)),
        (Symptom(name, name, origin),), since=3,
    )  # fmt: skip
    summary = Summary(
        f"failed: {name}", 6, 2, 1.0, None, ((0, 1.0), (5, None)), 3, (name,), 1.0, 0.1, name, {name: name}
    )
    return Diagnosis((finding, finding), (NotMeasured(name, name),), Waterfall(0, bars), summary, history=history)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name, opened, tmp_path):
    found = named(HOSTILE[name])
    path = tmp_path / "report.html"
    found.save(path)
    page = opened(path)
    for button in page.locator("button.open").all():
        button.click()
    page.locator("table.fall .track").first.hover()
    page.locator("#step").press("ArrowRight")
    assert page.locator("article.finding").count() == 2
    assert page.locator("img, [onmouseover], [onerror]").count() == 0
    assert page.locator("script").count() == len(html.SCRIPTS) + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    visible = page.locator("body").inner_text()
    assert "49" not in visible
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029]", visible)
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_hostile_names_fit_a_narrow_screen(opened, tmp_path):
    found = named("m" * 3_000)
    found.save(tmp_path / "report.html")
    page = opened(tmp_path / "report.html", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_found(opened, tmp_path):
    found = replace(named("model.fc"), findings=(), summary=Summary("finished", 6, 2, 1.0, 0.5, ((0, 1.0), (5, 0.5))))
    found.save(tmp_path / "report.html")
    page = opened(tmp_path / "report.html")
    assert "NOTHING FOUND" in page.locator("article.finding").inner_text()
    assert page.locator(".worst").count() == 0


def test_nothing_examined(opened, tmp_path):
    Diagnosis(not_measured=(NotMeasured("everything", "no step was sampled"),)).save(tmp_path / "report.html")
    page = opened(tmp_path / "report.html")
    assert "No step was examined" in page.locator("article.finding").inner_text()
    assert "everything: no step was sampled" in page.locator("#run").inner_text()
    assert page.locator("table, form").count() == 0


def test_one_sample(opened, tmp_path):
    whole = named("model.fc")

    def first(track: Track) -> Track:
        return replace(track, numbers={name: values[:1] for name, values in track.numbers.items()})

    old = whole.history
    tracks = (tuple(map(first, rows)) for rows in (old.gradients, old.activations, old.weights))
    replace(whole, history=History((0,), (1.0,), *tracks)).save(tmp_path / "report.html")
    page = opened(tmp_path / "report.html")
    for button in page.locator("button.open").all():
        button.click()
    assert page.locator("#step").count() == 0
    assert page.locator("canvas").count() > 5


def test_a_diagnosis_without_history_has_its_waterfall(opened, tmp_path):
    replace(named("model.fc"), history=History()).save(tmp_path / "report.html")
    page = opened(tmp_path / "report.html")
    page.locator("table.fall button").nth(2).click()
    assert page.locator("table.fall tr.row").count() == 4


def test_a_notebook_shows_the_page_in_a_frame(opened, tmp_path):
    shown = named("model.<fc>")._repr_html_()
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>cell</title>{shown}", encoding="utf-8")
    frame = opened(path).frame_locator("iframe")
    frame.locator("table.fall button").nth(2).click()
    assert frame.locator("tr.detail").count() == 1


def test_json_that_ends_no_element():
    said = html.embedded({"a": "</script><!-- & \u2028"})
    assert not set("<>&\u2028") & set(said)


def test_the_command_writes_the_page(tmp_path, monkeypatch):
    with nl.watch(1.0, record=tmp_path / "run.nlr"):
        model = torch.nn.Linear(4, 2)
        torch.nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.zeros(8, dtype=torch.long)).backward()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")  # the page is in UTF-8 wherever it goes
    program = [sys.executable, "-m", "neurologist", "diagnose", "run.nlr"]
    subprocess.run([*program, "-o", "report.html"], check=False, capture_output=True)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    done = subprocess.run([*program, "--format", "html", "--lang", "zh"], check=False, capture_output=True)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert done.stdout.decode("utf-8").startswith('<!doctype html>\n<html lang="zh-CN">')


def test_the_page_of_a_large_run_is_small(tmp_path):
    bench.recorded(tmp_path / "run.nlr", 75)
    assert bench.lengthen(tmp_path / "run.nlr", 600)[0] > 300
    found = nl.diagnose(tmp_path / "run.nlr")
    assert found.summary.samples >= 200
    assert len(html.text(found).encode()) < 3e6
