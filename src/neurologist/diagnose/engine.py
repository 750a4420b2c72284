"""Runs every rule over a record, ranks what they find and folds symptoms under their cause. Names no rule.

Order: severity, then the stage of cause and effect, then how sure the rule is, then how early it was seen. A finding
whose slug another finding `explains` becomes that one's symptom.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import replace
from functools import cache
from statistics import fmean

from neurologist.diagnose import rules as members
from neurologist.diagnose.diagnosis import Diagnosis, NotMeasured, Summary
from neurologist.diagnose.finding import SEVERITIES, Finding, Symptom
from neurologist.diagnose.rule import Rule
from neurologist.diagnose.waterfall import waterfall
from neurologist.record import Run

CURVE = 200  # points of the loss curve kept for display
ENDS = 5  # losses averaged at both ends of the run


@cache
def rules() -> dict[str, type[Rule]]:
    """Every rule by its slug, in order of its code."""
    for module in pkgutil.iter_modules(members.__path__):
        importlib.import_module(f"{members.__name__}.{module.name}")
    return {cls.slug: cls for cls in sorted(Rule.__subclasses__(), key=lambda cls: cls.code)}


def examine(run: Run) -> Diagnosis:
    """Diagnose a run from its record."""
    findings: list[Finding] = []
    missing = [NotMeasured(what, why if n == 1 else f"{why} ({n} times)") for _, what, why, n in run.problems]
    for slug, rule in rules().items():
        try:
            findings += rule().check(run)
        except Exception as error:  # a broken rule must not cost the others
            missing.append(NotMeasured(f"rule {slug}", f"{type(error).__name__}: {error}"))
    return Diagnosis(tuple(rank(fold(findings))), tuple(missing), waterfall(run), summarise(run))


def rank(findings: list[Finding]) -> list[Finding]:
    """Findings in the order to fix them: severity, then cause before effect, then certainty, then time."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.stage, -f.certainty, f.since or 0))


def fold(findings: list[Finding]) -> list[Finding]:
    """Put each finding that another explains under it, as its symptom; the cause takes over the worse severity."""
    order = sorted(findings, key=lambda f: (_stage(f), SEVERITIES.index(f.severity), -f.certainty, f.since or 0))
    kept: list[Finding] = []
    for finding in order:
        for i, cause in enumerate(kept):
            same = cause.rule == finding.rule and cause.cause == finding.cause
            if same or finding.rule in rules_explained(cause):
                symptom = Symptom(finding.rule, finding.message, finding.origin)
                severity = min(cause.severity, finding.severity, key=SEVERITIES.index)
                symptoms = (*cause.symptoms, symptom, *finding.symptoms)
                kept[i] = replace(cause, symptoms=symptoms, severity=cause.severity if same else severity)
                break
        else:
            kept.append(finding)
    return kept


def _stage(finding: Finding) -> int:
    """Stage of the rule rather than of the finding: what a rule sees comes after what explains it."""
    rule = rules().get(finding.rule)
    return int(rule.stage) if rule else finding.stage


def rules_explained(finding: Finding) -> frozenset[str]:
    """Slugs of the symptoms that a finding's rule brings about."""
    rule = rules().get(finding.rule)
    return rule.explains if rule else frozenset()


def summarise(run: Run) -> Summary:
    """What was run and how much of it was seen."""
    losses = [(step, loss) for step, loss in run.losses]
    finite = [loss for _, loss in losses if loss is not None]
    stride = max(1, -(-len(losses) // CURVE))
    seconds, elapsed = run.meta.get("seconds"), float(run.meta.get("elapsed", 0))
    status = run.meta.get("status", "cut off")
    return Summary(
        status="cut off" if status == "running" and run.path else status,
        steps=run.steps,
        samples=len(run.samples),
        loss_first=fmean(finite[:ENDS]) if finite else None,
        loss_last=None if not finite or losses[-1][1] is None else fmean(finite[-ENDS:]),
        losses=tuple(losses[::stride]),
        parameters=sum(p.numel for p in run.parameters.values()),
        optimizers=tuple(str(o) for o in run.optimizers.values()),
        seconds=float(seconds) if seconds else None,
        overhead=float(run.meta["spent"]) / elapsed if elapsed else None,
        record=run.path,
        versions=json.loads(run.meta.get("versions", "{}")),
    )
