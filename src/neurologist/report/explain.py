"""What a rule says about itself, as terminal text, Markdown and JSON; and the table of all rules.

Everything comes from the rule's class and its docstring, so that there is nothing here to keep up to date.
May import: rich, `diagnose.rule`, `diagnose.thresholds`, `report.json`. To add a form, add a function from
`Explanation` to a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import IO

from rich.console import RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurologist.diagnose import languages
from neurologist.diagnose.rule import SECTIONS, Rule, Stage
from neurologist.diagnose.thresholds import Number, meanings, thresholds
from neurologist.report import json, words
from neurologist.report.terminal import COLOURS, console_like, rendered, speaks_unicode


@dataclass(frozen=True)
class Explanation:
    """A rule in plain data; `sections` are the docstring's, the lead under `summary`; texts are in `language`.

    `numbers` are those that it decides by, each with its value and its meaning: settings may override them.
    """

    rule: str
    code: str
    cause: str
    severity: str
    stage: str
    summary: str
    sections: dict[str, str]
    explains: tuple[str, ...]
    treatments: tuple[str, ...]
    numbers: dict[str, dict[str, Number | str]]
    language: str = languages.ENGLISH


def explanation(rule: type[Rule], lang: str = languages.ENGLISH) -> Explanation:
    """A rule's own text, taken apart; titles of sections stay English, as keys."""
    sections = languages.explained(rule.explanation(), rule.slug, lang, SECTIONS[-1])
    stage = Stage(rule.stage).name.lower()
    explains = tuple(sorted(rule.explains))
    lead, said = sections.pop("", ""), meanings(rule)
    numbers = {name: {"value": value, "meaning": said[name]} for name, value in thresholds(rule).items()}
    head = (rule.slug, rule.code, rule.cause, rule.severity, stage, lead)
    return Explanation(*head, sections, explains, tuple(rule.treatments), numbers, lang)


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that look like `name`, the nearest first; failing that, names that share a word."""
    names = sorted(known)
    wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
    inside = [n for n in names if wanted and (wanted in n or any(w in n.split("-") for w in wanted.split("-")))]
    return get_close_matches(wanted, names, 3, 0.6) or inside[:3]


def find(name: str, rules: Mapping[str, type[Rule]]) -> type[Rule] | None:
    """The rule of that slug, code or cause, in any case; None when there is none."""
    wanted = name.strip().lower()
    for slug, rule in rules.items():
        if wanted in (slug, slug.replace("-", "_"), rule.code.lower(), rule.cause.lower()):
            return rule
    return None


def as_json(explained: Explanation) -> str:
    """One rule as JSON."""
    return json.dumps(asdict(explained))


def all_as_json(rules: Mapping[str, type[Rule]], lang: str = languages.ENGLISH) -> str:
    """All rules as a JSON list, in order of their codes."""
    return json.dumps([asdict(explanation(rule, lang)) for rule in _by_code(rules)])


def as_markdown(explained: Explanation) -> str:
    """One rule as a Markdown page."""
    tr = languages.of_report(explained.language)
    kind = f"*{tr(explained.severity)}{tr(', ')}{tr(explained.stage)}*"
    parts = [f"# {explained.rule} ({explained.code})", kind, explained.summary]
    parts += [f"## {tr(title)}\n\n{body}" for title, body in explained.sections.items()]
    parts += [f"## {title}\n\n{body}" for title, body in _related(explained)]
    return "\n\n".join(part for part in parts if part) + "\n"


def all_as_markdown(rules: Mapping[str, type[Rule]], lang: str = languages.ENGLISH) -> str:
    """The table of all rules as Markdown."""
    tr = languages.of_report(lang)
    rows = [f"| {r.code} | {r.slug} | {tr(r.severity)} | {_first_line(r, lang)} |" for r in _by_code(rules)]
    head = f"| {tr('code')} | {tr('rule')} | {tr('severity')} | {tr('what it is')} |"
    return "\n".join([head, "|---|---|---|---|", *rows]) + "\n"


def show(explained: Explanation, stream: IO[str]) -> None:
    """Print one rule to a terminal or a file."""
    tr = languages.of_report(explained.language)
    head = Text.assemble(
        (explained.rule, "bold"), f"  {explained.code}  ", (tr(explained.severity), COLOURS.get(explained.severity, ""))
    )
    parts: list[RenderableType] = [head, Text("")]
    if explained.summary:
        parts += [_body(explained.summary), Text("")]
    for title, body in [*explained.sections.items(), *_related(explained)]:
        parts += [Text(tr(title), "bold cyan"), _body(body), Text("")]
    _print(parts[:-1], stream)


def show_all(rules: Mapping[str, type[Rule]], stream: IO[str], lang: str = languages.ENGLISH) -> None:
    """Print the table of all rules."""
    tr = languages.of_report(lang)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for rule in _by_code(rules):
        severity = Text(tr(rule.severity), COLOURS.get(rule.severity, ""))
        table.add_row(rule.code, rule.slug, severity, Text(words.breakable(_first_line(rule, lang))))
    _print([table, Text(""), Text(tr("One rule in full: neurologist explain RULE"), "dim")], stream)


def _by_code(rules: Mapping[str, type[Rule]]) -> list[type[Rule]]:
    return sorted(rules.values(), key=lambda rule: rule.code)


def _first_line(rule: type[Rule], lang: str) -> str:
    lead = explanation(rule, lang).summary.split("\n\n")[0]
    return words.clean(lead).replace("`", "")


def _related(explained: Explanation) -> list[tuple[str, str]]:
    tr = languages.of_report(explained.language)
    brings = ", ".join(explained.explains)
    cures = ", ".join(explained.treatments)
    related = ((tr("What it brings about"), brings), (tr("Treatments"), cures))
    return [(t, b) for t, b in (*related, (tr("Numbers that you can set"), _settings(explained))) if b]


def _settings(explained: Explanation) -> str:
    """A rule's numbers as they stand in a pyproject.toml."""
    if not explained.numbers:
        return ""
    lines = [f"{name} = {_toml(number['value'])}  # {number['meaning']}" for name, number in explained.numbers.items()]
    return "\n".join(["```toml", f"[tool.neurologist.rules.{explained.rule}]", *lines, "```"])


def _toml(value: Number | str) -> str:
    return str(list(value) if isinstance(value, tuple) else value)


def _body(body: str) -> Padding:
    return Padding(Markdown(words.breakable(body), code_theme="bw"), (0, 0, 0, 2))


def _print(parts: Iterable[RenderableType], stream: IO[str]) -> None:
    console = console_like(stream)
    said = "".join(line for part in parts for line in rendered(console, part))
    stream.write(said if speaks_unicode(stream) else words.to_ascii(said))
