"""Faults that no change inside a program cures: what to say instead of a cure.

May import: `diagnose`.
"""

from __future__ import annotations

from neurologist.diagnose import Diagnosis, rules


def outside(diagnosis: Diagnosis) -> str | None:
    """Why no treatment can cure what was found, and what does; None where one may."""
    serious = [finding for finding in diagnosis.findings if finding.severity != "info"]
    for finding in serious[:1]:
        rule = rules().get(finding.rule)
        if rule is not None and rule.outside:
            return f"no change inside the program cures {finding.rule}: {rule.outside}"
    return None
