"""The reader's own run in a real browser: a record's JSON beside its diagnosis, and files that are none."""

import json
import math

import pytest
import torch

import neurologist as nl
from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.report import json as report_json

HOSTILE = "<script>window.pwned=1</script>\u202e\u200b\"'`${1}" + "n" * 10_000


class Residual(torch.nn.Module):
    """Where two gradients meet."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(32, 32)

    def forward(self, x):
        return x + self.inner(x)


@pytest.fixture(scope="module")
def diagnosis():
    torch.manual_seed(0)
    layers = [layer for _ in range(7) for layer in (torch.nn.Linear(32, 32), torch.nn.Sigmoid())]
    model = torch.nn.Sequential(*layers, Residual(), torch.nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch(budget=1.0) as session:
        for _ in range(6):
            loss = torch.nn.functional.cross_entropy(model(torch.randn(64, 32)), torch.randint(4, (64,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return session.diagnose()


@pytest.fixture(scope="module")
def exported(diagnosis, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.json"
    path.write_text(report_json.text(diagnosis), encoding="utf-8")
    return path


ROWS = """[...document.querySelectorAll("#run-table tbody tr")].map((row) => [...row.cells].map((cell) => {
  const data = cell.querySelector("data");
  return data ? Number(data.value) : cell.innerText === "–" ? null : cell.innerText;
}))"""


def test_a_run_is_shown_as_it_was_measured(diagnosis, exported, atlas, opened):
    page = opened(atlas, "#view=run")
    page.set_input_files("#run-file", exported)
    page.locator("#run-table").wait_for()
    rows = page.locator("#run-table tbody tr")
    bars = diagnosis.waterfall.bars
    assert rows.count() == len(bars) > 15
    cells = page.evaluate(ROWS)
    for index, (bar, row) in enumerate(zip(bars, cells, strict=True)):
        assert row[1].startswith(bar.label)
        assert row[2].endswith(f":{bar.origin.line}")
        rms = bar.rms_out if bar.rms_out is not None else bar.rms_in
        assert row[3:] == [rms, None if index == 0 else bar.decades, bar.expected, bar.total]
    levels = page.evaluate("runLevels(runShown.run.bars)")
    assert [level["measured"] for level in levels] == [bar.rms_out for bar in bars if bar.rms_out]
    assert page.locator("#run-figure circle").count() == len(levels)
    theory, before = levels[0]["measured"], bars[0]
    for bar in bars[1 : levels[-1]["index"] + 1]:
        decades = bar.decades if bar.expected is None else bar.expected
        theory, before = theory * bar.rms_in / before.rms_out * 10**decades, bar
    assert levels[-1]["theory"] == pytest.approx(theory, rel=1e-6)


def test_its_verdict_and_its_findings_are_the_diagnosis_s(diagnosis, exported, atlas, opened):
    page = opened(atlas, "#view=run")
    page.set_input_files("#run-file", exported)
    verdict = page.locator("#run-verdict").inner_text().replace("−", "-")
    total = next(bar.total for bar in reversed(diagnosis.waterfall.bars) if bar.total is not None)
    assert "vanishes" in verdict
    assert f"{total:.3g}" in verdict
    lost = sum(bar.decades for bar in diagnosis.waterfall.bars if bar.kind == "activation")
    assert f"activations (7) {lost:.3g}" in verdict
    expected = sum(bar.expected for bar in diagnosis.waterfall.bars if bar.kind == "activation")
    assert f"theory expects {expected:.3g}" in verdict
    items = page.locator(".findings > li")
    assert items.count() == len(diagnosis.findings) > 0
    for finding, item in zip(diagnosis.findings, items.all(), strict=True):
        text = item.inner_text()
        assert finding.rule in text
        assert finding.message in text
        assert finding.origin.file is None or f"test_atlas_run.py:{finding.origin.line}" in text
    page.locator("#language").click()
    assert "梯度消失" in page.locator("#run-verdict").inner_text()
    page.get_by_role("button", name="在深度展品中查看类似网络").click()
    chosen = page.evaluate("readDeep()")
    assert (chosen["act"], chosen["depth"], chosen["width"], chosen["init"]) == ("sigmoid", 9, "32", "torch")


def test_a_run_is_dropped_or_pasted(exported, atlas, opened):
    page = opened(atlas, "#view=run")
    text = exported.read_text(encoding="utf-8")
    page.get_by_label("or paste its text").fill(text)
    page.locator("#run-table").wait_for()
    assert page.locator("#run-table tbody tr").count() > 15
    page.reload()
    drop = """(text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "dropped.json"));
      const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
      document.getElementById("view-run").dispatchEvent(event);
    }"""
    page.evaluate(drop, text)
    page.locator("#run-table").wait_for()
    assert page.locator("#run-body h3").first.inner_text() == "dropped.json"


def given(**news):
    return json.dumps({"format": report_json.FORMAT, "version": 1, "findings": [], "waterfall": None, **news})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("this is no json", "is no JSON"),
        ("   ", "is empty"),
        ("[]", "no diagnosis of neurologist"),
        ("null", "no diagnosis of neurologist"),
        ('{"format": "something"}', "no diagnosis of neurologist"),
        (given(version=2), "version 2, and this page reads version 1"),
        (given(version={"toString": 1}), "this page reads version 1"),
        (given(findings=3), "has no findings"),
        (given(waterfall={}), "has no waterfall.bars"),
        ("[" * 200_000, "is no JSON"),
        ("SQLite format 3\0 and so on", "is the record itself"),
        ("x" * 31_000_000, "is not read"),
    ],
)
def test_a_file_that_is_none_is_said_to_be_none(text, said, atlas, opened, tmp_path):
    page = opened(atlas, "#view=run")
    path = tmp_path / "given.json"
    path.write_text(text, encoding="utf-8")
    page.set_input_files("#run-file", path)
    page.locator("#run-error:not(:empty)").wait_for()
    assert said in page.locator("#run-error").inner_text()
    assert "given.json" in page.locator("#run-error").inner_text()
    assert page.locator("#run-body").inner_text() == ""


def test_odd_and_hostile_contents_are_shown_as_text(atlas, opened, tmp_path):
    bar = {"label": HOSTILE, "kind": HOSTILE, "rms_in": "NaN", "rms_out": 1e-300, "decades": "-Infinity", "total": -3}
    odd = [bar, {}, None, 7, [], {"label": 5, "origin": "no", "shape": "no", "rms_out": "1", "decades": {}}]
    origin = {"file": f"/home/{HOSTILE}.py", "line": 3, "code": HOSTILE, "module": HOSTILE}
    finding = {
        "rule": HOSTILE,
        "message": HOSTILE,
        "severity": "constructor",
        "origin": origin,
        "symptoms": [None, bar],
    }
    text = given(
        waterfall={"step": "no", "bars": odd * 500}, findings=[finding, None, *[finding] * 80], not_measured=[{}, 3],
        summary={"steps": "many", "optimizers": [HOSTILE, 3], "loss_first": "NaN"},
    )  # fmt: skip
    path = tmp_path / "given.json"
    path.write_text(text, encoding="utf-8")
    for width in (390, 1440):
        page = opened(atlas, "#view=run", width=width)
        page.set_input_files("#run-file", path)
        page.locator("#run-table").wait_for()
        assert page.locator("#run-table tbody tr").count() == 400
        assert page.locator(".findings > li").count() == 50
        assert "31 more are left out" in page.locator("#run-body").inner_text()
        assert page.evaluate("window.pwned") is None
        assert "\u202e" not in page.locator("#run-body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_healthy_run_without_a_gradient_says_so(atlas, opened, tmp_path):
    path = tmp_path / "given.json"
    path.write_text(report_json.text(Diagnosis()), encoding="utf-8")
    page = opened(atlas, "#view=run")
    page.set_input_files("#run-file", path)
    page.locator(".verdict", has_text="healthy").wait_for()
    assert "no gradient that can be followed" in page.locator("#run-body").inner_text()
    assert math.isclose(page.evaluate("document.querySelectorAll('#run-table').length"), 0)
