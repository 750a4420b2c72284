from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from neurologist.config import settings_for
from neurologist.diagnose.engine import rules
from neurologist.diagnose.rule import SECTIONS
from neurologist.diagnose.thresholds import thresholds
from neurologist.report import explain


@pytest.mark.parametrize("slug", sorted(rules()))
def test_every_rule_explains_itself_in_full(slug: str) -> None:
    explained = explain.explanation(rules()[slug])
    screen = io.StringIO()
    explain.show(explained, screen)
    shown, page = screen.getvalue(), explain.as_markdown(explained)
    for section in SECTIONS:
        assert explained.sections[section]
        assert f"\n{section}\n" in shown
        assert f"\n## {section}\n" in page
    assert explained.code in shown.splitlines()[0]
    assert all(len(line) <= 100 for line in shown.splitlines())
    assert json.loads(explain.as_json(explained))["rule"] == slug


def test_the_table_names_every_rule_in_order_of_its_code() -> None:
    screen = io.StringIO()
    explain.show_all(rules(), screen)
    assert all(slug in screen.getvalue() for slug in rules())
    codes = [rule["code"] for rule in json.loads(explain.all_as_json(rules()))]
    assert codes == sorted(codes)
    assert len(explain.all_as_markdown(rules()).splitlines()) == len(rules()) + 2


def test_a_rule_is_found_by_name_code_or_cause() -> None:
    rule = rules()["double-softmax"]
    for name in ("double-softmax", "DOUBLE-SOFTMAX", "double_softmax", rule.code, rule.code.lower()):
        assert explain.find(name, rules()) is rule
    assert explain.find("nonsense", rules()) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("duble-softmax", "double-softmax"), ("softmax", "double-softmax"), ("dead units", "dead-units")],
)
def test_the_nearest_names_are_offered(typed: str, meant: str) -> None:
    assert meant in explain.nearest(typed, rules())
    assert explain.nearest("qqqqqq", rules()) == []


def test_the_numbers_of_a_rule_are_shown_as_they_stand_in_settings(tmp_path: Path) -> None:
    for slug, rule in rules().items():
        _, _, shown = explain.as_markdown(explain.explanation(rule)).partition("```toml\n")
        assert bool(shown) is bool(thresholds(rule))
        (tmp_path / "pyproject.toml").write_text(shown.partition("```")[0], encoding="utf-8")
        assert settings_for(tmp_path).numbers == ({slug: thresholds(rule)} if shown else {})
