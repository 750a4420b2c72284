"""What treatments do to the specimens.

`python -m tests.treat.specimens [RULE ...]` prints a row for each: the best plan of a whole search, and one unrelated
treatment alone. All take about six minutes on one core.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from functools import cache

import torch

import neurologist as nl
from neurologist.diagnose import Finding, Rule, rules
from neurologist.specimens import specimens
from neurologist.treat.crew import Crew
from neurologist.treat.plan import Plan
from neurologist.treat.search import Search
from neurologist.treat.treatment import Treatment, treatments
from neurologist.treat.trial import Trial
from neurologist.treat.verdict import Verdict, judge

STEPS = 200


def to_show(rule: type[Rule]) -> str:
    """What a search must say of a rule's specimen."""
    return "nothing to treat" if rule.severity == "info" else "outside" if rule.outside else "cured"


@cache
def control(slug: str) -> tuple[Search, Trial]:
    """A specimen as it is, examined; and the search that trials are made through."""
    search = Search(specimens()[slug].sick, STEPS, Crew())
    return search, search.control()


def alone(slug: str, treatment: Treatment) -> Verdict:
    """A treatment alone, on a specimen to its own end."""
    search, untreated = control(slug)
    trials = search.trials([search.whole(Plan((treatment,)))])
    return judge([untreated], trials, search.task)


def own(slug: str) -> Iterator[Treatment]:
    """What a rule proposes by name for what it finds in its specimen, in its order."""
    search, untreated = control(slug)
    finding = next(found for found in untreated.diagnosis.findings if found.rule == slug)
    for word in finding.treatments:
        for kind in treatments().values():
            if word in (kind.slug, *kind.words) and finding.cause in kind.treats:
                yield from kind.proposals(finding, search.seen)


def unrelated(slug: str) -> Treatment:
    """A treatment that treats none of the causes found in a specimen or folded under them.

    Of those that can be applied to the program it is the first, counted from the specimen's place among all.
    """
    search, untreated = control(slug)
    found = untreated.diagnosis.findings
    causes = {finding.cause for finding in found} | {rules()[s.rule].cause for f in found for s in f.symptoms}
    others = [kind for kind in treatments().values() if not set(kind.treats) & causes]
    start = sorted(specimens()).index(slug) % len(others)
    for kind in (*others[start:], *others[:start]):
        asked = Finding("", "", kind.treats[0], "error", "", treatments=(kind.slug,))
        for treatment in kind.proposals(asked, search.seen):
            return treatment
    raise LookupError(f"specimen {slug!r}: no treatment can be applied that is not meant for it")


def row(slug: str) -> str:
    """A specimen's row of the table."""
    began = time.monotonic()
    cure = nl.fix(specimens()[slug].sick, seeds=1)
    said = f"{slug:30}{rules()[slug].cause:27}"
    said += _shown(cure.verdicts[0]) if cure.best is not None else f"{'no cure':43}{cure.why}"
    said += f" | {time.monotonic() - began:.0f} s"
    return said if to_show(rules()[slug]) != "cured" else f"{said} | {_shown(alone(slug, unrelated(slug)))}"


def _shown(verdict: Verdict) -> str:
    return f"{verdict.verdict:10}{verdict.measure:12}{verdict.control:9.4g} -> {verdict.treated:<8.4g}{verdict.plan}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rule", nargs="*", help="all without any")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for slug in parser.parse_args().rule or specimens():
        print(row(slug), flush=True)


if __name__ == "__main__":
    main()
