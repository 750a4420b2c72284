"""Runs every rule over a record, ranks what they find and folds symptoms under their cause. Names no rule.

What the user's settings or comments ignore, and what a baseline knows, is set aside, each by itself; a finding that is
worse than one set aside is not folded under it, so that what is ignored hides nothing that is not.

Order: severity, then the stage of cause and effect, then how sure the rule is, then how early it was seen. A finding
whose slug another finding `explains` becomes that one's symptom; so does one that is made by exclusion.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from statistics import fmean

from neurologist.diagnose import rules as members
from neurologist.diagnose.across import together
from neurologist.diagnose.aside import Aside, Remark
from neurologist.diagnose.by_heart import by_heart
from neurologist.diagnose.comments import comments
from neurologist.diagnose.diagnosis import Diagnosis, History, NotMeasured, Summary
from neurologist.diagnose.finding import SEVERITIES, Finding, Origin, Symptom
from neurologist.diagnose.history import history
from neurologist.diagnose.naming import Names
from neurologist.diagnose.reading import ends, improvement
from neurologist.diagnose.rule import Rule
from neurologist.diagnose.settings import Settings
from neurologist.diagnose.thresholds import overridden
from neurologist.diagnose.waterfall import waterfall
from neurologist.record import Run

CURVE = 200  # points of the loss curve kept for display
ENDS = 5  # losses averaged at both ends of the run
DEFAULT = Settings()
BEGINNING = 3  # steps that are examined of a batch learnt by heart: what comes later is that it is learnt


@cache
def rules() -> dict[str, type[Rule]]:
    """Every rule by its slug, in order of its code."""
    for module in pkgutil.iter_modules(members.__path__):
        importlib.import_module(f"{members.__name__}.{module.name}")
    return {cls.slug: cls for cls in sorted(Rule.__subclasses__(), key=lambda cls: cls.code)}


def examine(run: Run, over_time: bool = True, settings: Settings = DEFAULT) -> Diagnosis:
    """Diagnose a run from its record.

    Args:
        run: the record.
        over_time: gather the history of ops and weights too: it costs as much as the rules do.
        settings: of the user; comments in the program hold without any.
    """
    findings: list[Finding] = []
    missing = _missing(run) + _unselected(settings)
    tried = by_heart(run)
    seen = run if tried is None or tried.learnt is False else run.until(BEGINNING)
    for slug, rule in rules().items():
        if (tried is not None and rule.of_data) or not settings.runs(slug):
            continue
        try:
            findings += made(rule, settings).check(seen)
        except Exception as error:  # a broken rule must not cost the others
            missing.append(NotMeasured(f"rule {slug}", f"{type(error).__name__}: {error}"))
    way = None
    try:
        way = waterfall(seen)
    except Exception as error:
        missing.append(NotMeasured("the gradient's waterfall", f"{type(error).__name__}: {error}"))
    seen_over_time = History()
    try:
        seen_over_time = history(run, way) if over_time else seen_over_time
    except Exception as error:
        missing.append(NotMeasured("the history of ops and weights", f"{type(error).__name__}: {error}"))
    ranked, aside, remarks = _sorted(run, findings, settings)
    seen_at_all = Diagnosis(ranked, tuple(missing), way, summarise(run), tried, history=seen_over_time)
    return replace(seen_at_all, aside=aside, remarks=remarks, numbers=_changed(settings))


def made(rule: type[Rule], settings: Settings) -> Rule:
    """A rule that decides by the user's numbers."""
    member = rule()
    overridden(member, settings.numbers.get(rule.slug, {}))
    return member


def names() -> Names:
    """The names by which users call rules."""
    return Names({slug: rule.code for slug, rule in rules().items()})


def _sorted(
    run: Run, findings: list[Finding], settings: Settings
) -> tuple[tuple[Finding, ...], tuple[Aside, ...], tuple[Remark, ...]]:
    """Findings as they rank, those that are set aside, and what there is to say of the user's comments."""
    said = comments(run, names())
    aside = {_key(finding): why for finding in findings if (why := settings.aside(finding, said)) is not None}

    def may_explain(cause: Finding, symptom: Finding) -> bool:
        why, other = aside.get(_key(cause)), aside.get(_key(symptom))
        if other is not None:
            return other.kind == "known" and why is not None and why.kind == "known"
        return why is None or SEVERITIES.index(symptom.severity) >= SEVERITIES.index(cause.severity)

    roots = fold(findings, may_explain)
    kept = [root for root in roots if _key(root) not in aside]
    others = [replace(aside[_key(root)], finding=root) for root in rank(roots) if _key(root) in aside]
    return tuple(rank(kept)), tuple(others), tuple(said.remarks())


def _key(finding: Finding) -> tuple[str, Origin, str]:
    """What stays of a finding when it is folded."""
    return finding.rule, finding.origin, finding.message


def _unselected(settings: Settings) -> list[NotMeasured]:
    left = [slug for slug in rules() if not settings.runs(slug)]
    if not left:
        return []
    return [NotMeasured(f"{len(left)} of {len(rules())} rules", "`select` in the settings leaves them out")]


def _changed(settings: Settings) -> tuple[str, ...]:
    """The numbers that are not a rule's own: "dead-units.many = 0.7 (0.6)"."""
    return tuple(
        f"{slug}.{name} = {value} ({getattr(rules()[slug], name)})"
        for slug, values in settings.numbers.items()
        for name, value in values.items()
    )


def _missing(run: Run) -> list[NotMeasured]:
    """What the examination could not see, each reason once with how often it held."""
    counts: Counter[tuple[str, str]] = Counter()
    for _, what, why, count in run.problems:
        counts[what, why] += count
    return [NotMeasured(what, why if n == 1 else f"{why} ({n} times)") for (what, why), n in counts.items()]


def rank(findings: list[Finding]) -> list[Finding]:
    """Findings in the order to fix them: severity, then cause before effect, then certainty, then time."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.stage, -f.certainty, f.since or 0))


def _always(cause: Finding, symptom: Finding) -> bool:
    return True


def fold(findings: list[Finding], may_explain: Callable[[Finding, Finding], bool] = _always) -> list[Finding]:
    """Put each finding that another explains under it, as its symptom; the cause takes over the worse severity.

    Where two explain each other, the one that stands earlier in cause and effect is the cause. A symptom of a
    symptom belongs to the root. `may_explain` says of a cause and a symptom whether the one may stand under the other.
    """
    order = sorted(findings, key=lambda f: (f.stage, SEVERITIES.index(f.severity), -f.certainty, f.since or 0))
    parents = {i: _parent(i, order, may_explain) for i in range(len(order))}
    kept: dict[int, Finding] = {}
    folded: list[tuple[int, Finding]] = []
    for i, finding in enumerate(order):
        root, seen = i, {i}
        while (above := parents[root]) is not None and above not in seen:
            root = above
            seen.add(root)
        if root == i:
            kept[i] = finding
        else:
            folded.append((root, finding))
    for root, finding in folded:
        cause = kept[root]
        severity = (
            cause.severity
            if cause.rule == finding.rule
            else min(cause.severity, finding.severity, key=SEVERITIES.index)
        )
        symptom = Symptom(finding.rule, finding.message, finding.origin)
        kept[root] = replace(cause, symptoms=(*cause.symptoms, symptom, *finding.symptoms), severity=severity)
    return list(kept.values())


def _parent(i: int, order: list[Finding], may_explain: Callable[[Finding, Finding], bool]) -> int | None:
    """Which finding explains this one: the first in order that does."""
    finding = order[i]
    for j, cause in enumerate(order):
        if j == i or not may_explain(cause, finding):
            continue
        if cause.rule == finding.rule and cause.cause == finding.cause and j < i:
            return j
        if _by_exclusion(finding) and not _by_exclusion(cause) and cause.severity != "info":
            return j
        mutual = cause.rule in rules_explained(finding)
        if finding.rule in rules_explained(cause) and cause.severity != "info" and not (mutual and i < j):
            return j
    return None


def _by_exclusion(finding: Finding) -> bool:
    rule = rules().get(finding.rule)
    return rule is not None and rule.by_exclusion


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
        rank=int(run.meta.get("rank", 0)),
        world=int(run.meta.get("world", 1)),
        compared=len(together(run)),
        gradient_norms=tuple(run.gradient_norms.items()),
        gained=improvement(run) if ends(run) is not None else None,
    )
