"""The READMEs stay true: rules, code and links."""

import ast
import re
from pathlib import Path

import pytest

import neurologist
from neurologist.diagnose.engine import rules

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "CONTRIBUTING.md", "examples/README.md")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", READMES)
def test_names_no_rule_that_is_not_there(name):
    table = "".join(line for line in read(name).splitlines() if line.startswith("| ") and line.count("-") > 3)
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", table))
    assert len(named) >= 16
    assert named - set(rules()) == set()  # a new rule need not be named here


@pytest.mark.parametrize("name", READMES)
def test_code_parses_and_its_names_exist(name):
    for block in re.findall(r"```python\n(.*?)```", read(name), re.DOTALL):
        ast.parse(block)
        for attribute in re.findall(r"\bnl\.(\w+)", block):
            assert hasattr(neurologist, attribute), attribute


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files(name):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", read(name))
    assert [t for t in targets if not ((ROOT / name).parent / t).exists()] == []
