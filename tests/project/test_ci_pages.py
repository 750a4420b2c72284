"""The pages on continuous integration: their settings are read, their workflow parses. The rest is run by test_docs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from neurologist.config import settings_for
from neurologist.diagnose import baseline

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"en": ROOT / "docs", "zh": ROOT / "docs" / "zh"}
PAGES = {lang: (folder / "ci.md").read_text(encoding="utf-8") for lang, folder in FOLDERS.items()}
BLOCK = re.compile(r"^```(?:\{code-block\} )?(\w*)\n(?::caption:[^\n]*\n)?(.*?)^```$", re.M | re.S)


def blocks(kind, lang="en"):
    return [text for found, text in BLOCK.findall(PAGES[lang]) if found == kind]


def test_both_languages_show_the_same_code():
    assert BLOCK.findall(PAGES["zh"]) == BLOCK.findall(PAGES["en"])
    assert len(BLOCK.findall(PAGES["en"])) > 5


def test_the_settings_shown_are_read(tmp_path):
    (text,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    baseline.write(tmp_path / "known.json", [])
    read = settings_for(tmp_path)
    assert read.budget == 0.02
    assert read.ignore["class-imbalance"].startswith("one in fifty")
    assert read.numbers == {"dead-units": {"many": 0.7}}
    assert "double-softmax" in read.select
    assert read.ignore_in
    assert read.baseline is not None


def test_the_workflow_parses_and_asks_only_for_what_there_is():
    yaml = pytest.importorskip("yaml")
    (text,) = blocks("yaml")
    steps = yaml.safe_load(text)["jobs"]["examine"]["steps"]
    commands = [line.strip() for step in steps for line in step.get("run", "").splitlines() if "neurologist " in line]
    asked = [command.split() for command in commands if command.startswith("neurologist")]
    assert {words[1] for words in asked} == {"run", "diagnose"}
    for verb in ("run", "diagnose"):
        helped = subprocess.run(
            [sys.executable, "-m", "neurologist", verb, "--help"], capture_output=True, text=True, check=True
        ).stdout
        options = {word for words in asked for word in words if words[1] == verb and word.startswith("-")}
        assert [option for option in options if option not in helped] == []
