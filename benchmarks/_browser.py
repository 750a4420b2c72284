"""The browser that opens our pages: of benchmarks, of the tests in tests/pages, and of tools/screenshots.py.

It is the machine's own, found on the PATH; what Playwright would download is not used.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


class NoBrowser(SystemExit):
    """There is none here. Who does not catch it ends, saying how to get one."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser, closed at the end of the block.

    Raises:
        NoBrowser: the machine has none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        cure = "on Debian: apt-get install chromium"
        raise NoBrowser(f"no browser: expected one of {', '.join(NAMES)} on the PATH; {cure}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
