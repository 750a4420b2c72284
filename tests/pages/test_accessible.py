"""What axe, the accessibility checker of browsers, says of the report and of every exhibit of the atlas."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

import neurologist as nl
from neurologist.specimens import specimens

AXE = Axe()


@pytest.fixture(scope="module")
def sick(tmp_path_factory):
    """The report of a sick run by language."""
    folder = tmp_path_factory.mktemp("report")
    with nl.watch(1.0) as session:
        specimens()["dead-units"].sick()
    diagnosis, paths = session.diagnose(), {lang: folder / f"{lang}.html" for lang in ("en", "zh")}
    for lang, path in paths.items():
        diagnosis.in_language(lang).save(path)
    return paths


def violations(page: Page) -> list[str]:
    """One line per fault: the rule, how bad it is, and the first place where it is broken."""
    found = AXE.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']} ({rule['impact']}): {rule['nodes'][0]['html'][:200]} {rule['help']}" for rule in found]


VISITS = [("en", "light", 1440), ("zh", "dark", 390)]


@pytest.mark.parametrize(("lang", "scheme", "width"), VISITS)
def test_no_exhibit_of_the_atlas_breaks_a_rule(atlas, opened, lang, scheme, width):
    page = opened(atlas, f"#lang={lang}", width, color_scheme=scheme)
    views = page.eval_on_selector_all("nav [data-view]", "buttons => buttons.map((button) => button.dataset.view)")
    assert len(views) >= 4
    broken = {}
    for view in views:
        page.click(f"nav [data-view={view}]")
        broken[view] = violations(page)
    assert not any(broken.values()), broken


@pytest.mark.parametrize(("lang", "scheme", "width"), VISITS)
def test_the_report_breaks_no_rule(sick, opened, lang, scheme, width):
    page = opened(sick[lang], "", width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.locator("tr.row button").first.click()
    assert violations(page) == []


def test_a_fault_is_seen(sick, opened):
    page = opened(sick["en"])
    page.evaluate("document.body.append(document.createElement('button'))")
    assert "button-name" in violations(page)[0]
