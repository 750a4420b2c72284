"""Trials in the report page: verdicts with both curves, the diff of the cure, and why the others failed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from statistics import fmean
from types import SimpleNamespace

import pytest

import neurologist as nl
from neurologist.diagnose import Arm, Course, Diagnosis, Trials
from neurologist.diagnose.trials import Edit
from neurologist.report import html, terminal
from neurologist.specimens import specimens

HOSTILE = "</script><script>alert(1)</script>\u202e" + '"onmouseover="alert(2)' + "n" * 10_000


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """A real cure of a specimen, with every trial that it rests on."""
    folder, trials = tmp_path_factory.mktemp("trials"), []
    cure = nl.fix(specimens()["double-softmax"].sick, seeds=1, told=trials.append)
    cure.save(folder / "cure.html")
    cure.report.in_language("zh").save(folder / "zh.html")
    return SimpleNamespace(cure=cure, trials=trials, page=folder / "cure.html", zh=folder / "zh.html")


def numbers(page, row):
    """The table of numbers of an opened row, as lists of cells."""
    page.locator(f"#{row} button").click()
    detail = page.locator(f"#{row}-curves")
    detail.locator("summary").click()
    detail.locator(".numbers tbody tr").first.wait_for()
    return detail, detail.locator(".numbers tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(c => c.textContent))"
    )


def test_a_row_opens_both_curves_with_the_numbers_of_the_runs(tried, opened):
    page = opened(tried.page)
    best = tried.cure.best
    control = tried.trials[0]
    treated = next(trial for trial in tried.trials if trial.plan is best and trial.whole)
    detail, rows = numbers(page, "trial-1")
    assert detail.locator("canvas").count() == 2
    assert len(rows) > 30
    checked = 0
    for cells in rows:
        at = int(cells[0])
        for said, run in zip(cells[1:3], (control, treated), strict=True):
            if said != "–":
                assert float(said) == pytest.approx(run.losses[at - 1], rel=1e-5)
                checked += 1
        for said, run in zip(cells[3:5], (control, treated), strict=True):
            if said != "–":
                assert float(said) == pytest.approx(fmean(run.scores[at - 10 : at]), rel=1e-5, abs=1e-9)
                checked += 1
    assert checked > 100
    last = {int(cells[0]) for cells in rows if cells[1] != "–"}
    assert max(last) == len(control.losses)


def test_the_row_says_what_the_terminal_says(tried, opened):
    page, text = opened(tried.page), terminal.text(tried.cure.report)
    first = page.locator("#trial-1")
    cells = first.locator("td").all_inner_texts()
    line = next(line for line in text.splitlines() if " cured " in line)
    for said in cells[2:]:
        assert said in line
    assert "✔ cured" in cells[1]
    assert page.locator("p.outcome").inner_text() in " ".join(text.split())
    change = tried.cure.edit.changes[0]
    removed, added = ([line for line in change.diff.splitlines()[2:] if line.startswith(mark)] for mark in ("-", "+"))
    assert [t.rstrip("\n") for t in page.locator(".diff .removed").all_text_contents()] == removed
    assert [t.rstrip("\n") for t in page.locator(".diff .added").all_text_contents()] == added
    assert change.diff in text


def test_chinese(tried, opened):
    page = opened(tried.zh, width=390)
    page.locator("#trial-1 button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    said = page.locator("#trials").inner_text()
    assert "试验" in said
    assert "治愈" in said
    headings = page.locator("#trials h2, #trials h3, #trials .why, #trials .note").all_inner_texts()
    assert [h for h in headings if not re.search("[\u4e00-\u9fff]", h)] == []


def test_texts_of_the_program_are_not_taken_for_ours(opened, tmp_path):
    said = "the shape went from 3 to 4"
    arm = replace(ARM, verdict="failed", error=said, label=said)
    found = made(arm, notes=(said,), why=said).in_language("zh")
    page = opened(saved(found, tmp_path), width=1000)
    assert page.locator("#trials").inner_text().count(said) == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000


def made(*arms: Arm, **fields) -> Diagnosis:
    control = Course((1, 2, 30), (2.0, 1.0, 0.5), (None, None, 0.25), 30)
    return Diagnosis(trials=Trials("accuracy", "accuracy", arms, control=control, **fields))


def saved(diagnosis: Diagnosis, folder):
    diagnosis.save(folder / "report.html")
    return folder / "report.html"


ARM = Arm("plain", "no effect", 0.5, 0.5, -0.1, 0.1, course=Course((1, 30), (2.0, 0.25), (None, 0.5), 30))


def test_every_verdict_has_a_row_with_its_reason_and_an_anchor(tried, opened, tmp_path):
    trials = tried.cure.trials
    found = replace(tried.cure.report, trials=replace(trials, arms=(*trials.arms, ARM)))
    page = opened(saved(found, tmp_path), "#trial-2")
    assert page.locator("tr.arm").count() == 2
    assert all(page.locator("tr.arm .why").all_inner_texts())
    assert page.locator("#trial-2-curves").is_visible()
    page.locator("#trial-2 button").focus()
    page.keyboard.press("Escape")
    assert page.locator("#trial-2-curves").count() == 0
    page.keyboard.press("Enter")
    assert page.locator("#trial-2-curves canvas").count() == 2
    page.locator("#layer").fill("no such layer")  # the filter is for layers: it hides no trial
    assert page.locator("tr.arm:visible").count() == 2


def test_what_has_no_curve_says_why(opened, tmp_path):
    crashed = Arm("one", "failed", 0.5, None, None, None, error="its process was killed by SIGKILL")
    nan = replace(ARM, label="two", verdict="worse", course=Course((1, 2), (None, None), (None, None), 2))
    unscored = replace(ARM, label="three", course=Course((1, 30), (2.0, 0.25), (None, None), 30))
    found = made(crashed, nan, unscored, why="no treatment that was tried helped")
    found = replace(found, trials=replace(found.trials, control=Course((1, 30), (2.0, 0.5), (None, None), 30)))
    page = opened(saved(found, tmp_path))
    for button in page.locator("tr.arm button").all():
        button.click()
    assert "killed by SIGKILL" in page.locator("#trial-1 .why").inner_text()
    assert "ended before its first backward pass" in page.locator("#trial-1-curves").inner_text()
    assert "not finite at any step" in page.locator("#trial-2-curves").inner_text()
    assert page.locator("#trial-3-curves canvas").count() == 1
    assert "not every backward pass could be scored" in page.locator("#trial-3-curves").inner_text()
    assert "No cure: no treatment that was tried helped." in page.locator("#trials").inner_text()


def test_losses_of_different_functions_are_not_compared_without_a_word(opened, tmp_path):
    page = opened(saved(made(replace(ARM, own_loss=True), ARM), tmp_path))
    page.locator("#trial-1 button").click()
    page.locator("#trial-2 button").click()
    assert "minimises another function" in page.locator("#trial-1-curves").inner_text()
    assert "minimises another function" not in page.locator("#trial-2-curves").inner_text()


def test_an_arm_of_the_first_steps_stands_beside_the_controls_first_steps(opened, tmp_path):
    first = Course((1, 7), (9.0, 8.0), (None, 0.125), 7)
    found = made(replace(ARM, whole=False, steps=7, course=replace(first, losses=(9.0, 3.0))), ARM, first=first)
    page = opened(saved(found, tmp_path))
    assert "(first 7 steps)" in page.locator("#trial-1 button").inner_text()
    assert [cells[1] for cells in numbers(page, "trial-1")[1]] == ["9", "8"]
    assert [cells[1] for cells in numbers(page, "trial-2")[1]] == ["2", "1", "0.5"]


def test_hostile_texts_of_trials_are_text(opened, tmp_path):
    arm = replace(ARM, label=HOSTILE, verdict="failed", error=HOSTILE, left=(HOSTILE,))
    other = replace(ARM, label=HOSTILE, left=(HOSTILE,))
    edit = Edit(HOSTILE, f"--- a\n+++ b\n@@ -1 +1 @@\n-{HOSTILE}\n+{HOSTILE}\n")
    found = made(arm, other, edits=(edit,), by_hand=(HOSTILE,), notes=(HOSTILE,), why=HOSTILE)
    path = saved(found, tmp_path)
    page = opened(path)
    for button in page.locator("tr.arm button").all():
        button.click()
    assert page.locator("script").count() == len(html.SCRIPTS) + 1
    assert page.locator("[onmouseover]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert not re.search("[\u202a-\u202e]", page.locator("body").inner_text())
    narrow = opened(path, width=390)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390
    assert "\u202e" not in terminal.text(found)


def test_json_has_the_same_numbers(tried):
    data = json.loads(html_free(tried.cure))
    arm, verdict = data["trials"]["arms"][0], tried.cure.verdicts[0]
    assert arm["label"] == verdict.plan.label
    assert (arm["control"], arm["treated"]) == (verdict.control, verdict.treated)
    assert arm["course"]["losses"] == list(verdict.course.losses)
    assert data["trials"]["edits"][0]["diff"] == tried.cure.edit.changes[0].diff


def html_free(cure) -> str:
    from neurologist.report import json as writer

    return writer.text(cure.report)


def test_a_notebook_shows_the_trials(tried):
    assert "trial-1" in tried.cure._repr_html_()
