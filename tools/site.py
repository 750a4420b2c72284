"""Build the documentation: English at build/docs/, Chinese at build/docs/zh/; a warning or a dead link is an error.

    python tools/site.py                 build it, about a minute and a half
    python tools/site.py --only-pages    without the atlas and the sample report, while writing

The atlas and a report of a sick example are made by the package itself and stand in `live/` of each language.
Nothing in the site is fetched from elsewhere.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "docs"
SOURCES = {"en": ROOT / "docs", "zh": ROOT / "docs" / "zh"}
TARGETS = {"en": SITE, "zh": SITE / "zh"}
SAMPLE = "examples/sick_deep_sigmoid.py"
PARTS = {"a": "href", "img": "src", "link": "href", "script": "src"}


class Page(HTMLParser):
    """Where a page leads, and what in it can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {name: value for name, value in attrs if value}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag in PARTS and PARTS[tag] in given:
            self.links.append(given[PARTS[tag]])
            if tag != "a" and given.get("rel") not in ("index", "search", "next", "prev", "canonical"):
                self.fetched.append(given[PARTS[tag]])


@cache
def read(path: Path) -> Page:
    """One built page."""
    return Page(path.read_text(encoding="utf-8"))


def dead(site: Path) -> Iterator[str]:
    """Links that lead nowhere, and parts that would be fetched from elsewhere."""
    for path in sorted(site.rglob("*.html")):
        if path.parent.name in ("live", "_static"):
            continue
        page, short = read(path), path.relative_to(site)
        yield from (f"{short} fetches {link}" for link in page.fetched if urlsplit(link).netloc)
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                yield f"{short}: {link} leads to no file"
            elif _lacks(target, unquote(parts.fragment)):
                yield f"{short}: {link} leads to no place in its page"


def _lacks(target: Path, place: str) -> bool:
    """Whether a page has no such place; the live ones make theirs themselves."""
    return bool(place) and target.parent.name != "live" and place not in read(target).anchors


def live() -> None:
    """The atlas and the sample report, in each language."""
    with TemporaryDirectory() as folder:
        record = str(Path(folder) / "run.nlr")
        _neurologist("run", "--quiet", "--record", record, "-o", str(Path(folder) / "report.txt"), SAMPLE, codes=(1,))
        for lang, target in TARGETS.items():
            (target / "live").mkdir(parents=True, exist_ok=True)
            for name in ("report.html", "report.json"):  # the second is what the atlas opens as a reader's own run
                _neurologist("diagnose", record, "--lang", lang, "-o", str(target / "live" / name), codes=(1,))
            _neurologist("atlas", "--lang", lang, "--out", str(target / "live" / "atlas.html"))


def _neurologist(*arguments: str, codes: Sequence[int] = (0,)) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "neurologist", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def pages() -> None:
    """Every page, by Sphinx."""
    for lang, source in SOURCES.items():
        places = [str(source), str(TARGETS[lang]), "-d", str(ROOT / "build" / "doctrees" / lang)]
        command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", *places]
        if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise SystemExit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only-pages", action="store_true", help="leave the atlas and the sample report as they are")
    if not parser.parse_args(arguments).only_pages:
        live()
    pages()
    found = list(dead(SITE))
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    if not found:
        print(f"open {(SITE / 'index.html').as_uri()}\n     {(SITE / 'zh' / 'index.html').as_uri()}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
