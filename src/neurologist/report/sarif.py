"""Findings in SARIF 2.1.0, which code scanning services and editors read.

Only findings with a line are results, for SARIF places what it says in source; all else that a report tells (findings
without a line, what is ignored or known, what was not measured) stands in the notifications of the invocation, so that
nothing is lost. What is ignored is no result, because not every reader honours SARIF's suppressions.
OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, 2020.
May import: `diagnose`, `report.aside`, `report.explain`, `report.json`,
`report.paragraph`, `report.words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from neurologist.diagnose.baseline import fingerprint
from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.engine import rules
from neurologist.diagnose.finding import Finding, Origin, Symptom
from neurologist.diagnose.languages import of_report
from neurologist.diagnose.rule import Rule
from neurologist.report import aside, explain, json, words
from neurologist.report.paragraph import paragraph

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
ROOT = "%SRCROOT%"  # what paths are relative to: the folder that the command was started in
KEY = "neurologist/v1"  # of the fingerprint; raised when it is made of something else

Plain = dict[str, Any]


def text(diagnosis: Diagnosis, base: Path | None = None) -> str:
    """The diagnosis as a SARIF log; paths in it are relative to `base` (default: the current folder)."""
    base = (base or Path.cwd()).absolute()
    placed = [finding for finding in diagnosis.findings if _has_line(finding.origin)]
    used = {finding.rule for finding in placed}
    told = [rule for slug, rule in rules().items() if slug in used]
    slugs = [rule.slug for rule in told]
    driver = {
        "name": "neurologist",
        "semanticVersion": diagnosis.summary.versions.get("neurologist", ""),
        "rules": [_rule(rule, diagnosis.language) for rule in told],
    }
    run = {
        "tool": {"driver": {key: value for key, value in driver.items() if value != ""}},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {ROOT: {"uri": f"{base.as_uri()}/"}},
        "invocations": [
            {
                "executionSuccessful": not diagnosis.summary.status.startswith("failed"),
                "toolExecutionNotifications": list(_notifications(diagnosis, base)),
            }
        ],
        "results": [_result(finding, slugs, base, diagnosis.language) for finding in placed],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]})


def _has_line(origin: Origin) -> bool:
    return bool(origin.file and origin.line and origin.line > 0)


def _rule(rule: type[Rule], lang: str) -> Plain:
    explained = explain.explanation(rule, lang)
    whole = explain.as_markdown(explained)
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.slug.split("-")),
        "shortDescription": {"text": " ".join(explained.summary.split())},
        "fullDescription": {"text": " ".join(explained.sections.get("What it is", explained.summary).split())},
        "help": {"text": whole, "markdown": whole},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": [rule.slug, "training", explained.stage]},
    }


def _result(finding: Finding, slugs: list[str], base: Path, lang: str) -> Plain:
    result: Plain = {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": paragraph(finding, lang)},
        "locations": [_location(finding.origin, base)],
        "partialFingerprints": {KEY: fingerprint(finding, base)},
        "properties": {
            "rule": finding.rule,
            "cause": finding.cause,
            "certainty": finding.certainty,
            "treatments": list(finding.treatments),
        },
    }
    if finding.rule in slugs:  # else a rule from elsewhere
        result["ruleIndex"] = slugs.index(finding.rule)
    related = [symptom for symptom in finding.symptoms if _has_line(symptom.origin)]
    if related:
        result["relatedLocations"] = [_related(symptom, number, base) for number, symptom in enumerate(related, 1)]
    return result


def _location(origin: Origin, base: Path) -> Plain:
    region: Plain = {"startLine": origin.line}
    if origin.code:
        region["snippet"] = {"text": words.code_line(origin.code)}
    location: Plain = {"physicalLocation": {"artifactLocation": _artifact(origin.file or "", base), "region": region}}
    if origin.module:
        location["logicalLocations"] = [{"fullyQualifiedName": words.clean(origin.module), "kind": "member"}]
    return location


def _related(symptom: Symptom, number: int, base: Path) -> Plain:
    message = {"text": words.clean(f"{symptom.rule}: {symptom.message}")}
    return {"id": number, "message": message, **_location(symptom.origin, base)}


def _artifact(file: str, base: Path) -> Plain:
    path = Path(file)
    path = path if path.is_absolute() else base / path
    try:
        return {"uri": _quoted(path.relative_to(base).as_posix()), "uriBaseId": ROOT}
    except ValueError:  # not below the folder
        return {"uri": f"file:///{_quoted(path.as_posix()).lstrip('/')}"}


def _quoted(path: str) -> str:
    return quote(path.encode(errors="surrogatepass"))


def _notifications(diagnosis: Diagnosis, base: Path) -> Iterator[Plain]:
    tr = of_report(diagnosis.language)
    for finding in diagnosis.findings:
        if not _has_line(finding.origin):
            yield _note(
                f"{finding.rule} ({finding.code}): {paragraph(finding, diagnosis.language)}", LEVELS[finding.severity]
            )
    yield from _notes(aside.said(diagnosis, base, tr), "note")
    yield from _notes(aside.remarks(diagnosis, base), "warning")
    yield from _notes((f"{limit.what}: {limit.why}" for limit in diagnosis.not_measured), "note")


def _notes(lines: Iterable[str], level: str) -> Iterator[Plain]:
    return (_note(line, level) for line in lines)


def _note(said: str, level: str) -> Plain:
    return {"level": level, "message": {"text": words.clean(said)}}
