"""Every specimen is cured by the treatment that its rule names, by no other; or it is said why none can."""

from __future__ import annotations

import pytest

import neurologist as nl
from neurologist.diagnose import rules
from neurologist.specimens import specimens

from .specimens import alone, own, to_show, unrelated

SLUGS: dict[str, list[str]] = {}
for slug in sorted(specimens()):
    SLUGS.setdefault(to_show(rules()[slug]), []).append(slug)


@pytest.mark.parametrize("slug", SLUGS["cured"])
def test_its_own_treatment_cures(slug):
    words = []
    for treatment in own(slug):
        words.append((treatment.label, alone(slug, treatment).verdict))
        if words[-1][1] == "cured":
            return
    raise AssertionError(words)


@pytest.mark.parametrize("slug", SLUGS["cured"])
def test_an_unrelated_treatment_does_not(slug):
    verdict = alone(slug, unrelated(slug))
    assert verdict.verdict in ("no effect", "worse", "helped"), (verdict.plan.label, verdict.error)


@pytest.mark.parametrize("slug", SLUGS["outside"])
def test_what_no_program_can_cure_is_said_with_its_reason(slug):
    cure = nl.fix(specimens()[slug].sick, seeds=1)
    assert cure.best is None
    assert cure.why == f"no change inside the program cures {slug}: {rules()[slug].outside}"
    assert f"No cure: {cure.why}." in " ".join(str(cure).split())


@pytest.mark.parametrize("slug", SLUGS["nothing to treat"])
def test_what_is_only_worth_knowing_is_not_treated(slug):
    cure = nl.fix(specimens()[slug].sick, seeds=1)
    assert (cure.best, cure.verdicts) == (None, ())
    assert cure.why.startswith("nothing to treat")


def test_a_rule_has_treatments_or_says_why_none_can_cure():
    for rule in rules().values():
        assert bool(rule.treatments) != bool(rule.outside), rule.slug
