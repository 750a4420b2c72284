"""Findings as the rules themselves would make them, for tests of what is done with findings."""

from dataclasses import replace

from neurologist.diagnose import Evidence, Finding, Origin, rules


def found(slug, **changes) -> Finding:
    """A finding with the rule's own defaults, at line 7 of train.py."""
    made = rules()[slug]().finding(f"{slug} seen", evidence=[Evidence("number", 1.0)])
    return replace(made, **{"origin": Origin("train.py", 7), **changes})


def slugs(findings) -> list[str]:
    return [finding.rule for finding in findings]
