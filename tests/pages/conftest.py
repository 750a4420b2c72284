"""A real browser for the tests of pages: the fixtures `browser` and `opened`.

What `opened` gives watches itself: a page that writes an error to its console, throws, or asks for anything outside its
own file fails the test that opened it. Without a browser these tests are skipped and say how to get one; with
NEUROLOGIST_NEEDS_BROWSER set, as in continuous integration, they fail instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _browser import NoBrowser, launched
from playwright.sync_api import Browser, ConsoleMessage, Page, Route

INSIDE = ("file:", "data:", "blob:", "about:")

Opened = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, started once for all tests."""
    try:
        with launched() as started:
            yield started
    except NoBrowser as error:
        (pytest.fail if os.environ.get("NEUROLOGIST_NEEDS_BROWSER") else pytest.skip)(str(error))


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test did wrong; a test that means a page to do wrong empties it."""
    return []


@pytest.fixture
def opened(browser: Browser, complaints: list[str]) -> Iterator[Opened]:
    """Opens a file in a tab of its own: `opened(path, anchor="", width=1440, height=900, **context options)`.

    Options are those of Playwright's `new_context`: `color_scheme="dark"`, `locale="zh-CN"`, `reduced_motion="reduce"`.
    """
    contexts = []

    def only_the_file(route: Route) -> None:
        if route.request.url.startswith(INSIDE):
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"console {message.type}: {message.text}")

    def open_(path: Path, anchor: str = "", width: int = 1440, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.route("**/*", only_the_file)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"thrown: {error}"))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(path.as_uri() + anchor)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of the whole catalogue, made once for all tests."""
    from neurologist.atlas import page
    from neurologist.cli.atlas import _cards

    path = tmp_path_factory.mktemp("atlas") / "atlas.html"
    path.write_text(page(_cards()), encoding="utf-8")
    return path
