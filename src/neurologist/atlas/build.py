"""One HTML file from its parts: data, scripts, style, words.

Nothing is fetched: a content security policy in the page forbids it. Text reaches the page as text; the only markup
that data brings is MathML, which `atlas.mathml` escapes.
May import: `atlas`, `neurologist._version`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neurologist._version import __version__
from neurologist.atlas.certificates import conditions
from neurologist.atlas.classes import class_functions
from neurologist.atlas.data import members, scripts
from neurologist.atlas.javascript import FOLD, erfc_series
from neurologist.atlas.mathml import mathml
from neurologist.atlas.own import jets, language
from neurologist.atlas.surfaces import surface_functions

PARTS = Path(__file__).parent / "page"
CHAIN = (
    r"\frac{\partial L}{\partial b_{1}} = f'(z_{1}) \cdot w_{2} f'(z_{2}) \cdot w_{3} f'(z_{3}) \cdot w_{4} f'(z_{4}) "
    r"\cdot \frac{\partial L}{\partial a_{4}}"
)
LANGUAGES = ("en", "zh")


def page(cards: Sequence[Mapping[str, Any]], lang: str = "en") -> str:
    """The page with all exhibits.

    Args:
        cards: of the members to show, as `report.card.card` makes them.
        lang: the language that it opens in; a reader may switch.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"atlas got lang={lang!r}: expected one of {', '.join(LANGUAGES)}")
    shown = members(cards)
    constants = {
        "VERSION": __version__,
        "LANG": lang,
        "MEMBERS": shown,
        "WORDS_OF": words(),
        "LANGUAGE": language(),
        "ABOUT_IN_CHINESE": json.loads(_part("members.zh.json")),
        "PHRASES_IN_CHINESE": json.loads(_part("phrases.zh.json")),
        "CERTIFIED": conditions(),
        "ERFC_SERIES": erfc_series(),
        "ERFC_FOLD": FOLD,
        **_quadrature(),
        "CHAIN_FORMULA": mathml(CHAIN),
    }
    lines = [f"const {name} = {_literal(value)};" for name, value in constants.items()]
    functions = f"const FUNCTIONS = {scripts((member['kind'], member['name']) for member in shown)};"
    others = [f"const OF_CLASSES = {class_functions()};", f"const SURFACES = {surface_functions()};"]
    others.append(f"const JETS = {jets()};")
    code = [_part(path.name) for path in sorted(PARTS.glob("*.js"))]
    script = "\n".join(['"use strict";', *lines, functions, *others, *code, "start();"])
    style = "".join(_part(path.name) for path in sorted(PARTS.glob("*.css")))
    return (
        _part("index.html")
        .replace("<!-- style -->", f"<style>\n{style}</style>")
        .replace("<!-- script -->", f"<script>\n{script}</script>")
        .replace("LANG_OF_PAGE", "zh-CN" if lang == "zh" else "en")
    )


def words() -> dict[str, dict[str, str]]:
    """What the page says: key -> language -> words; each exhibit may have a file of its own."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(PARTS.glob("words*.json")):
        given = json.loads(path.read_text(encoding="utf-8"))
        twice = found.keys() & given.keys()
        if twice:
            raise ValueError(f"{path.name} says {', '.join(sorted(twice))} once more: expected new names; rename them")
        found |= given
    return found


def _quadrature() -> dict[str, list[float]]:
    """Gauss and Legendre's nodes and weights, as many to a panel as `theory.numeric` takes."""
    import numpy as np

    nodes, weights = np.polynomial.legendre.leggauss(16)
    return {"GAUSS_NODES": nodes.tolist(), "GAUSS_WEIGHTS": weights.tolist()}


def _part(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


def _literal(value: Any) -> str:
    """A JavaScript literal that cannot end the script it stands in; infinities are JavaScript's own."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for ending in ("</", "<!--", "<script"):
        text = text.replace(ending, "\\u003c" + ending[1:])
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
