"""Take the pictures of the documentation anew: every exhibit of the atlas and the sample report, in both languages.

    python tools/screenshots.py                       all of them, about a minute
    python tools/screenshots.py depth report          those of one exhibit, or of the report

They are taken of the pages in build/docs/, which `make docs` makes, with Chromium through Playwright, and written to
docs/images/. The exhibits are those that the atlas's own navigation names.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "benchmarks"))

from _browser import launched  # noqa: E402  # stands beside those who measure with it

IMAGES = ROOT / "docs" / "images"
LIVE = {"en": ROOT / "build" / "docs" / "live", "zh": ROOT / "build" / "docs" / "zh" / "live"}
LARGEST = 150_000  # bytes of a picture
WIDTH, HEIGHT = 1100, 780
SHOWN = {  # what an exhibit shows, as its address says it; the others are taken as they open
    "depth": "deep=act:sigmoid,depth:12",
    "compare": "compare=activation/relu,activation/gelu,activation/silu,activation/tanh",
}


def exhibits(page: Page) -> list[str]:
    """The atlas's exhibits, in the order of its navigation."""
    return [str(button.get_attribute("data-view")) for button in page.locator("nav [data-view]").all()]


def pictures(browser: Browser, lang: str, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Names and PNGs of one language."""
    atlas = _opened(browser, LIVE[lang] / "atlas.html")
    for name in exhibits(atlas):
        if wanted and name not in wanted:
            continue
        page = _opened(browser, LIVE[lang] / "atlas.html", f"#view={name}&{SHOWN.get(name, '')}")
        for file in page.locator(f"#view-{name} input[type=file]").all():
            file.set_input_files(LIVE[lang] / "report.json")
            page.wait_for_timeout(1500)
        yield f"atlas-{name}.{lang}", page.screenshot()
        page.close()
    if not wanted or "report" in wanted:
        page = _opened(browser, LIVE[lang] / "report.html")
        yield f"report.{lang}", page.screenshot()
        yield f"report-waterfall.{lang}", _framed(page, page.locator("#waterfall")).screenshot()


def _opened(browser: Browser, path: Path, anchor: str = "") -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce")
    page.goto(path.as_uri() + anchor)
    page.wait_for_timeout(1500)  # exhibits that compute have done so, and settle
    return page


def _framed(page: Page, part: Locator) -> Locator:
    part.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    return part


def written(name: str, png: bytes) -> int:
    """Write a picture as small as it may be read well; its size in bytes."""
    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"{name}.webp"
    for quality in (90, 80, 70, 60):
        Image.open(io.BytesIO(png)).convert("RGB").save(path, quality=quality, method=6)
        if path.stat().st_size <= LARGEST:
            return path.stat().st_size
    raise SystemExit(f"{path.name} has {path.stat().st_size} bytes: expected at most {LARGEST}; show less of it")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("only", nargs="*", help="names of exhibits, or `report`")
    wanted = parser.parse_args(arguments).only
    missing = [
        path
        for folder in LIVE.values()
        for name in ("atlas", "report")
        if not (path := folder / f"{name}.html").exists()
    ]
    if missing:
        print(f"no {missing[0]}: run `make docs` first", file=sys.stderr)
        return 2
    with launched() as browser:
        for lang in LIVE:
            for name, png in pictures(browser, lang, wanted):
                print(f"{name}.webp  {written(name, png) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
