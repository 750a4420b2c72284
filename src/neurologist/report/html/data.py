"""What stands in the page and what its scripts are given, from a diagnosis.

May import: `report.view`, `report.words`, `report.html.rows`, `report.html.words`,
`report.html.trials`, `diagnose`. To show something new,
add it to `_page` for the template or to `_data` for the scripts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.languages import Say, of_report
from neurologist.report import words
from neurologist.report.html import trials as of_trials
from neurologist.report.html.rows import Fall, Row, activations, dead, falls, plain, updates
from neurologist.report.html.words import of_scripts
from neurologist.report.view import Card, Page, view

MARKS = {"error": "✖", "warning": "▲", "info": "●"}  # severity is told by shape and word, not by colour alone


@dataclass(frozen=True)
class Content:
    """`page` is for the template, `data` for the scripts."""

    page: dict[str, Any]
    data: dict[str, Any]


def content(diagnosis: Diagnosis, base: Path | None) -> Content:
    """Everything that the page shows."""
    tr, shown = of_report(diagnosis.language), view(diagnosis, base)
    fall = falls(diagnosis, shown.waterfall, tr)
    steps = fall.steps or diagnosis.history.steps
    seen = diagnosis.summary.samples
    at = steps.index(shown.waterfall_step) if shown.waterfall_step in steps else 0
    firing, silent, moving = activations(diagnosis, at, tr), dead(diagnosis, at, tr), updates(diagnosis, at, tr)
    tried = of_trials.tried(diagnosis.trials, base, tr) if diagnosis.trials is not None else None
    page = {
        **_page(diagnosis, shown, tr),
        **_findings(diagnosis, shown),
        "tried": tried,
        "fall": fall,
        "steps": steps,
        "at": at,
        "activations": firing,
        "dead": silent,
        "updates": moving,
        "chosen": tr(f"{len(steps):,} of {seen:,} examined steps are shown") if 0 < len(steps) < seen else "",
        "modules": sorted({row.module for row in (*fall.rows, *firing, *moving) if row.module}),
    }
    data = _data(diagnosis, fall, at, (firing, silent, moving), tr)
    if tried is not None and diagnosis.trials is not None:
        data["trials"] = of_trials.data(diagnosis.trials, tried, tr)
    return Content(page, data)


def _page(diagnosis: Diagnosis, shown: Page, tr: Say) -> dict[str, Any]:
    summary = diagnosis.summary
    known = [step for step in shown.waterfall if step.decades is not None]
    versions = [(words.clean(name), words.clean(version)) for name, version in summary.versions.items()]
    return {
        "lang": "zh-CN" if diagnosis.language == "zh" else diagnosis.language,
        "shown": shown,
        "ok": shown.healthy and shown.examined,
        "loss_said": tr(f"from {shown.loss_ends[0]} to {shown.loss_ends[1]}") if shown.loss_ends else "",
        "loss_seen": bool(summary.losses),
        "total": words.decades(shown.waterfall[-1].end) if known else "",
        "versions": versions,
        "program": words.path_text(summary.record) if summary.record else "",
        "plain": plain,
        "number": words.number,
        "decades": lambda value, edge: "" if value is None and edge else words.decades(value),
    }


def _findings(diagnosis: Diagnosis, shown: Page) -> dict[str, Any]:
    """Cards with their anchors; each fact with the number it was made from, in full."""
    counted: Counter[str] = Counter()
    cards = []
    for finding, card in zip(diagnosis.findings, shown.cards, strict=True):
        counted[card.rule] += 1
        again = counted[card.rule]
        slug = words.shorten("".join(c if c.isalnum() or c in "-_" else "-" for c in card.rule))
        anchor = slug if again == 1 else f"{slug}-{again}"
        exact = [plain(evidence.value) for evidence in finding.evidence]
        facts = list(zip(card.facts, exact, strict=True))
        cards.append({"card": card, "anchor": anchor, "facts": facts, "mark": MARKS[card.severity]})
    alarming = bool(shown.cards) and _alarms(shown.cards[0])
    return {"cause": cards[0] if alarming else None, "others": cards[1:] if alarming else cards}


def _alarms(card: Card) -> bool:
    return card.severity != "info"


def _data(diagnosis: Diagnosis, fall: Fall, at: int, tables: tuple[tuple[Row, ...], ...], tr: Say) -> dict[str, Any]:
    summary, history = diagnosis.summary, diagnosis.history
    rows: dict[str, Any] = {}
    for row in (row for table in tables for row in table):
        rows[row.id] = {"label": row.label, "numbers": _numbers(row.numbers)}
    bars = [
        {
            "id": row.id, "label": row.label, "module": row.module, "place": row.place, "code": row.code,
            "kind": row.kind, "shape": row.shape, "expected": plain(row.expected), "numbers": _numbers(row.numbers),
        }
        for row in fall.rows
    ]  # fmt: skip
    return {
        "words": of_scripts(tr),
        "at": at,
        "steps": list(fall.steps or history.steps),
        "sampled": {"steps": list(history.steps), "losses": [plain(loss) for loss in history.losses]},
        "losses": [[step for step, _ in summary.losses], [plain(loss) for _, loss in summary.losses]],
        "axis": [fall.low, fall.high],
        "worst": list(fall.worst),
        "bars": bars,
        "rows": rows,
    }


def _numbers(columns: dict[str, tuple[float | None, ...]]) -> dict[str, list[Any]]:
    return {name: [plain(value) for value in values] for name, values in columns.items()}
