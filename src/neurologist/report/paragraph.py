"""A finding as one paragraph, for places that show nothing but text: annotations, code scanning, assertions.

May import: `diagnose`, `report.words`. Words of its own stand in `tr("...")`.
"""

from __future__ import annotations

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.languages import Say, of_report
from neurologist.report import words


def paragraph(finding: Finding, lang: str = "en") -> str:
    """Message, advice, numbers, and what it explains; `lang` is that of the finding's texts."""
    tr = of_report(lang)
    colon = tr(": ")
    facts, signs = (fact(evidence, tr) for evidence in finding.evidence), (sign.rule for sign in finding.symptoms)
    parts = (
        finding.message,
        finding.advice,
        f"{tr('Evidence')}{colon}{'; '.join(facts)}." if finding.evidence else "",
        f"{tr('It explains')}{colon}{', '.join(dict.fromkeys(signs))}." if finding.symptoms else "",
    )
    return words.clean(" ".join(part for part in parts if part))


def fact(evidence: Evidence, tr: Say) -> str:
    """One number with its unit, its step and what is expected: "dead units 64 of 64 (expected below half)"."""
    if evidence.unit == "share" and isinstance(evidence.value, int | float):
        value = words.share(evidence.value)
    else:
        value = f"{tr(words.number(evidence.value))} {evidence.unit}".strip()
    expected = tr(f"expected {evidence.expected}") if evidence.expected else ""
    step = "" if evidence.step is None else tr(f"step {evidence.step:,}")
    beside = tr(", ").join(part for part in (expected, step) if part)
    return f"{evidence.name} {value} ({beside})" if beside else f"{evidence.name} {value}"
