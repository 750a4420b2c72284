"""Every rule finds its sick program, and nothing in its healthy twin."""

import ast
import importlib
import inspect
import json
import re
from functools import cache
from pathlib import Path

import pytest

from neurologist.diagnose import Diagnosis, Rule, rules
from neurologist.diagnose.rule import SECTIONS
from neurologist.specimens import MARK, specimens
from neurologist.watch.session import watch

RULES = Path(inspect.getfile(Rule)).parent / "rules"
SLUGS = sorted(specimens())


@cache
def examined(slug: str, which: str) -> Diagnosis:
    with watch(budget=1.0) as session:  # samples are then spaced by steps alone, the same on a busy machine
        getattr(specimens()[slug], which)()
    return session.diagnose()


def alarms(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(f.rule, f.message) for f in diagnosis.findings if f.severity != "info"]


@pytest.mark.parametrize("slug", SLUGS)
def test_sick_is_named_first(slug):
    diagnosis = examined(slug, "sick")
    assert [f.rule for f in diagnosis.findings][:1] == [slug], alarms(diagnosis)
    worth_knowing = rules()[slug].severity == "info"  # such a rule reports what is no fault by itself
    assert (diagnosis.findings[0].severity == "info") == worth_knowing
    assert diagnosis.healthy == worth_knowing


@pytest.mark.parametrize("slug", SLUGS)
def test_sick_has_one_root_cause(slug):
    """What follows from the cause is folded under it: nothing else stands beside it as an alarm."""
    expected = [] if rules()[slug].severity == "info" else [slug]
    assert [rule for rule, _ in alarms(examined(slug, "sick"))] == expected


@pytest.mark.parametrize("slug", SLUGS)
def test_sick_is_placed(slug):
    specimen = specimens()[slug]
    origin = next(f.origin for f in examined(slug, "sick").findings if f.rule == slug)
    if specimen.line is not None:
        assert (origin.file, origin.line) == (specimen.file, specimen.line)
        assert MARK in origin.code
    elif origin.file is not None:
        shared = Path(specimen.file).with_name("_pair.py")  # the loop of those that train in two processes
        assert origin.file in (specimen.file, str(shared))
        assert origin.code == Path(origin.file).read_text(encoding="utf-8").splitlines()[origin.line - 1].strip()


@pytest.mark.parametrize("slug", SLUGS)
def test_sick_rests_on_numbers(slug):
    diagnosis = examined(slug, "sick")
    finding = next(f for f in diagnosis.findings if f.rule == slug)
    assert any(re.search(r"\d", str(e.value)) for e in finding.evidence)
    assert all(e.name for e in finding.evidence)
    assert 0 <= finding.since < diagnosis.summary.steps
    assert finding.advice
    assert 0 < finding.certainty <= 1


@pytest.mark.parametrize("slug", SLUGS)
def test_sick_is_measured_and_is_plain_data(slug):
    diagnosis = examined(slug, "sick")
    assert diagnosis.not_measured == ()
    assert json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False))["findings"]


@pytest.mark.parametrize("slug", SLUGS)
def test_healthy_has_no_alarm(slug):
    diagnosis = examined(slug, "healthy")
    assert alarms(diagnosis) == []
    assert diagnosis.not_measured == ()


@pytest.mark.parametrize("slug", SLUGS)
def test_healthy_learns(slug):
    summary = examined(slug, "healthy").summary
    assert summary.loss_last < 0.5 * summary.loss_first


@pytest.mark.parametrize("slug", SLUGS)
def test_specimen_marks_one_line_at_most(slug):
    assert Path(specimens()[slug].file).read_text(encoding="utf-8").count(MARK) <= 1


def test_every_rule_has_a_specimen_and_every_specimen_a_rule():
    assert sorted(rules()) == SLUGS


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.slug)
def test_rule_explains_itself(rule):
    sections = rule.explanation()
    assert list(sections) == ["", *SECTIONS]
    assert all(sections.values())
    assert set(rule.explains) <= set(rules()) - {rule.slug}


def test_slugs_and_codes_are_unique_and_well_formed():
    found = [importlib.import_module(f"neurologist.diagnose.rules.{path.stem}") for path in RULES.glob("[!_]*.py")]
    made = [cls for module in found for cls in vars(module).values() if _is_rule(cls, module)]
    assert len(made) == len(found) == len(rules())
    assert len({rule.code for rule in made}) == len(made)
    for rule in made:
        assert re.fullmatch(r"NL\d{3}", rule.code)
        assert rule.slug == Path(inspect.getfile(rule)).stem.replace("_", "-")


def _is_rule(cls, module) -> bool:
    return isinstance(cls, type) and issubclass(cls, Rule) and cls.__module__ == module.__name__


@pytest.mark.parametrize("path", sorted(RULES.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_rule_imports_no_other_rule(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = [a.name for n in imports if isinstance(n, ast.Import) for a in n.names]
    names += [f"{n.module}.{a.name}" for n in imports if isinstance(n, ast.ImportFrom) for a in n.names]
    assert [name for name in names if "diagnose.rules" in name or "torch" in name.split(".")] == []
    assert all(n.level == 0 for n in imports if isinstance(n, ast.ImportFrom))
