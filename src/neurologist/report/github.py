"""Findings as annotations on a pull request: the workflow commands that GitHub Actions reads from a job's output.

One line per finding; paths are relative to the checkout, as GitHub wants them. What is ignored or known stands there
as a notice, comments without effect as a warning at their line. GitHub shows ten of each level per step: the root cause
comes first. May import: `diagnose`, `report.aside`, `report.paragraph`, `report.words`. A sibling for another service
is a file with a `text(diagnosis)` like this one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.finding import Finding, Origin
from neurologist.diagnose.languages import of_report
from neurologist.report import aside, words
from neurologist.report.paragraph import paragraph

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}
CHECKOUT = "GITHUB_WORKSPACE"  # the variable that names the folder which annotations are relative to


def text(diagnosis: Diagnosis, base: Path | None = None) -> str:
    """The annotations, one per line, the root cause first; outside of GitHub Actions, paths are relative to `base`."""
    checkout = os.environ.get(CHECKOUT)
    return "".join(f"{line}\n" for line in _lines(diagnosis, Path(checkout) if checkout else base))


def _lines(diagnosis: Diagnosis, base: Path | None) -> Iterator[str]:
    for finding in diagnosis.findings:
        yield _annotation(
            LEVELS[finding.severity], f"{finding.rule} {finding.code}", _text(finding, diagnosis), finding.origin, base
        )
    for line in aside.said(diagnosis, base, of_report(diagnosis.language)):
        yield _annotation("notice", "neurologist", line, Origin(), base)
    for remark in diagnosis.remarks:
        yield _annotation("warning", "neurologist", remark.message, remark.origin, base)


def _text(finding: Finding, diagnosis: Diagnosis) -> str:
    return f"{paragraph(finding, diagnosis.language)}\nMore: neurologist explain {words.clean(finding.rule)}"


def _annotation(level: str, title: str, said: str, origin: Origin, base: Path | None) -> str:
    fields = {"title": title}
    if origin.file:
        place = {"file": Path(words.path_text(origin.file, base)).as_posix()}
        line = {"line": str(origin.line)} if origin.line else {}
        fields = {**place, **line, **fields}
    listed = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{level} {listed}::{_data(said)}"


def _data(said: str) -> str:
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(words.clean(value)).replace(":", "%3A").replace(",", "%2C")
