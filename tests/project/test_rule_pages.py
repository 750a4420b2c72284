"""Every rule has its page in every language: it begins with what the rule says of itself and shows a real finding."""

import importlib.util
from pathlib import Path

import pytest

from neurologist.diagnose import rules

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("rules_tool", ROOT / "tools" / "rules.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_page_is_stale(tool):
    assert tool.stale() == [], "run python tools/rules.py"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("slug", list(rules()))
def test_a_page_shows_a_real_finding_and_no_clock(tool, slug, lang):
    report = (tool.FOLDERS[lang] / f"{slug}.md").read_text(encoding="utf-8").partition("```text")[2]
    first = next(line for line in report.splitlines() if "NL" in line)
    assert slug in first
    assert rules()[slug].code in first
    assert "│" in report  # the waterfall
    assert "overhead" not in report


def test_an_edited_explanation_is_noticed(tool, monkeypatch):
    monkeypatch.setattr(tool, "head", lambda rule, lang: f"# {rule.slug}: other words\n")
    assert len(tool.stale()) == 2 * len(rules())
