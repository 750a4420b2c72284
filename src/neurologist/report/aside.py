"""What was found and is set aside, in words: "2 findings ignored: dead-units (sparse on purpose)".

May import: `diagnose`, `report.words`. Words of its own stand in `tr("...")`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from neurologist.diagnose.aside import Aside
from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.finding import Finding, Origin
from neurologist.diagnose.languages import Say
from neurologist.report import words


def said(diagnosis: Diagnosis, base: Path | None, tr: Say, ascii_only: bool = False) -> tuple[str, ...]:
    """A line for each rule that is ignored for a reason, and for each finding that was known."""
    counted: Counter[tuple[str, str, Origin]] = Counter()
    first: dict[tuple[str, str, Origin], list[Finding]] = {}
    lines = []
    for aside in diagnosis.aside:
        if aside.kind == "ignored":
            key = (aside.finding.rule, aside.reason, aside.by)
            counted[key] += 1
            first.setdefault(key, []).append(aside.finding)
    for (rule, reason, by), count in counted.items():
        what = tr("1 finding ignored") if count == 1 else tr(f"{count:,} findings ignored")
        line = f"{what}{tr(': ')}{rule} ({reason}; {place(by, base)})"  # the reason is the user's: nothing to translate
        lines.append(line + _explained(first[rule, reason, by], tr))
    lines += [_known(aside, base, tr) for aside in diagnosis.aside if aside.kind == "known"]
    return tuple(words.clean(line, ascii_only=ascii_only) for line in lines)


def _known(aside: Aside, base: Path | None, tr: Say) -> str:
    where = place(aside.finding.origin, base)
    known = f"{tr('known before')} ({place(aside.by, base)}){tr(': ')}{aside.finding.rule}"
    return known + (f" ({where})" if where else "") + _explained([aside.finding], tr)


def _explained(findings: list[Finding], tr: Say) -> str:
    rules = list(dict.fromkeys(symptom.rule for finding in findings for symptom in finding.symptoms))
    return f"{tr(', and what it explains: ')}{', '.join(rules)}" if rules else ""


def remarks(diagnosis: Diagnosis, base: Path | None, ascii_only: bool = False) -> tuple[str, ...]:
    """What there is to say of the user's own comments, each with its place."""
    lines = (f"{place(remark.origin, base)}: {remark.message}" for remark in diagnosis.remarks)
    return tuple(words.clean(line, ascii_only=ascii_only) for line in lines)


def place(origin: Origin, base: Path | None) -> str:
    """File and line."""
    where = words.path_text(origin.file, base) if origin.file else ""
    return f"{where}:{origin.line}" if where and origin.line else where or origin.module or ""


def counts(diagnosis: Diagnosis, tr: Say) -> Iterator[str]:
    """How many were set aside, for a headline: "2 ignored", "1 known"."""
    for kind in ("ignored", "known"):
        count = sum(aside.kind == kind for aside in diagnosis.aside)
        if count:
            yield tr(f"{count:,} ignored") if kind == "ignored" else tr(f"{count:,} known")
