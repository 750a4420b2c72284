"""A diagnosis as one page to look at: a single HTML file that asks for nothing else and works without a network.

What is known when the page is made stands in it as plain HTML, so that it prints and reads without scripts; the scripts
add what moves: filters, the choice of a step, numbers on hover, plots of an op's history. Text from the user's program
is cleaned in `view`, escaped by the template, and reaches the scripts as JSON that cannot end its element; a
Content-Security-Policy lets no script run but the page's own, and no request leave it.
May import: jinja2 (lazily), `report.view`, `report.words`, `diagnose`. Plots are drawn by uPlot, which lies in `vendor`
with its licence.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.languages import of_report

if TYPE_CHECKING:
    from jinja2 import Template

STYLES = ("vendor/uPlot.min.css", "page.css", "parts.css")
SCRIPTS = (
    "vendor/uPlot.iife.min.js", "start.js", "plots.js", "history.js", "waterfall.js", "trials.js", "page.js",
    "begin.js",
)  # fmt: skip
PARTS = ("page.html", "findings.html", "drawn.html", "trials.html", "measured.html")
HEIGHT = 760  # pixels in a notebook

UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def text(diagnosis: Diagnosis, base: Path | None = None) -> str:
    """The page; paths in it are relative to `base` (default: the current folder)."""
    return _page(diagnosis, base, SCRIPTS, None)


def live(diagnosis: Diagnosis, base: Path | None, state: dict[str, Any]) -> str:
    """The page of a run that goes on: it asks its server for what is new. `state` holds `version` and `said`."""
    return _page(diagnosis, base, (*SCRIPTS, "live.js"), state)


def _page(diagnosis: Diagnosis, base: Path | None, names: tuple[str, ...], state: dict[str, Any] | None) -> str:
    from neurologist.report.html.data import content

    shown = content(diagnosis, base)
    scripts = [_resource(name) for name in names]
    policy = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {policy}"
    page: str = _template().render(
        {
            **shown.page,
            "tr": of_report(diagnosis.language),
            "styles": [_resource(name) for name in STYLES],
            "scripts": scripts,
            "policy": policy if state is None else f"{policy}; connect-src 'self'",
            "data": embedded({**shown.data, "live": state} if state else shown.data),
            "live": state,
        }
    )
    return page


def notebook(diagnosis: Diagnosis) -> str:
    """The page in a frame of its own, so that its styles and scripts keep away from the notebook's."""
    return (
        f'<iframe srcdoc="{escape(text(diagnosis))}" sandbox="allow-scripts" title="neurologist" '
        f'style="width: 100%; height: {HEIGHT}px; border: 1px solid #8888; border-radius: 6px"></iframe>'
    )


def embedded(data: Any) -> str:
    """Plain data as JSON that can stand inside a script element, whatever names it holds."""
    said = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character, spelt in UNSAFE.items():
        said = said.replace(character, spelt)
    return said


@cache
def _resource(name: str) -> str:
    return files(__name__).joinpath(*name.split("/")).read_text(encoding="utf-8").strip()


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _template() -> Template:
    from jinja2 import DictLoader, Environment, StrictUndefined

    parts = {name: _resource(name) for name in PARTS}
    loader = DictLoader(parts)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html")
