"""Findings as annotations on a pull request: the workflow commands that GitHub Actions reads from a job's output.

One line per finding that has a place; paths are relative to the folder the command was started in, as GitHub wants
them. May import: `report.words`. A sibling for another service is a file with a `text(diagnosis)` like this one.
"""

from __future__ import annotations

from pathlib import Path

from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.finding import Finding
from neurologist.report import words

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def text(diagnosis: Diagnosis, base: Path | None = None) -> str:
    """The annotations, one per line, the root cause first."""
    return "".join(f"{_annotation(finding, base)}\n" for finding in diagnosis.findings)


def _annotation(finding: Finding, base: Path | None) -> str:
    fields = {"title": f"{finding.rule} {finding.code}"}
    if finding.origin.file:
        place = {"file": Path(words.path_text(finding.origin.file, base)).as_posix()}
        line = {"line": str(finding.origin.line)} if finding.origin.line else {}
        fields = {**place, **line, **fields}
    said = words.clean(" ".join(part for part in (finding.message, finding.advice) if part))
    listed = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{LEVELS[finding.severity]} {listed}::{_data(said)}"


def _data(said: str) -> str:
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(words.clean(value)).replace(":", "%3A").replace(",", "%2C")
