"""`neurologist explain [RULE]`: a rule's own text, or the table of all rules.

May import: typer, `cli._output`; the rest lazily. Never torch.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from neurologist.cli._output import LangOption, fail, spoken

if TYPE_CHECKING:
    from neurologist.diagnose.rule import Rule

ORDER = 4


class Form(str, Enum):
    """What an explanation can be written in."""

    text = "text"
    json = "json"
    markdown = "markdown"


def command(
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="Name or code; none: all rules.")] = None,
    form: Annotated[Form, typer.Option("--format", "-f", help="text, json or markdown.")] = Form.text,
    lang: LangOption = None,
) -> None:
    r"""Explain a rule: what it is, why it is bad, how it is seen, how it is cured.

    \b
    neurologist explain                     all rules in a table
    neurologist explain double-softmax
    neurologist explain NL101 --format markdown
    neurologist explain NL101 --lang zh     in Chinese
    """
    from neurologist.diagnose.engine import rules

    known, lang = rules(), spoken(lang, form is not Form.json, sys.stdout)
    text = _all(known, form, lang) if rule is None else _one(rule, known, form, lang)
    if text:
        sys.stdout.write(text)


def _all(known: Mapping[str, type[Rule]], form: Form, lang: str) -> str:
    from neurologist.report import explain

    if form is Form.text:
        explain.show_all(known, sys.stdout, lang)
        return ""
    if form is Form.json:
        return explain.all_as_json(known, lang)
    return _encodable(explain.all_as_markdown(known, lang))


def _one(name: str, known: Mapping[str, type[Rule]], form: Form, lang: str) -> str:
    from neurologist.report import explain, words

    found = explain.find(name, known)
    if found is None:
        near = explain.nearest(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else "`neurologist explain` lists all rules"
        raise fail(f"no rule is called {words.clean(name)!r}: {hint}")
    explained = explain.explanation(found, lang)
    if form is Form.text:
        explain.show(explained, sys.stdout)
        return ""
    return explain.as_json(explained) if form is Form.json else _encodable(explain.as_markdown(explained))


def _encodable(text: str) -> str:
    from neurologist.report import terminal, words

    return text if terminal.speaks_unicode(sys.stdout) else words.to_ascii(text)
