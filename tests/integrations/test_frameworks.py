"""Frameworks at their current versions: each trains a program that is sick in one known way, and its healthy twin.

Through `neurologist run` with the script as it is, and with the callback. Where a framework is not installed its tests
are skipped; with NEUROLOGIST_NEEDS_FRAMEWORKS set, as in continuous integration, they fail instead.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurologist as nl
from neurologist.integrations.sinks import members as sinks

PROGRAMS = Path(__file__).parent / "programs"
RULES = {
    "lightning": "double-softmax",
    "transformers": "lr-too-high",
    "accelerate": "double-softmax",
    "keras": "double-softmax",
    "skorch": "double-softmax",
}
FAULT = "# the fault"  # a comment on the line that is at fault


@pytest.fixture(params=RULES)
def framework(request):
    needed = {"transformers": ("transformers", "accelerate")}.get(request.param, (request.param,))
    if any(importlib.util.find_spec(name) is None for name in needed):
        missing = f"{' or '.join(needed)} is not installed: pip install --constraint constraints.txt '.[frameworks]'"
        (pytest.fail if os.environ.get("NEUROLOGIST_NEEDS_FRAMEWORKS") else pytest.skip)(missing)
    return request.param


@pytest.fixture
def python(tmp_path, root):
    """Run Python in a folder of the test's, to its end."""
    path = os.pathsep.join(filter(None, [str(root / "src"), str(PROGRAMS), os.environ.get("PYTHONPATH")]))
    plain = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS")}
    environment = {**plain, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}

    def python(*arguments):
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return python


def at_fault(finding):
    line = Path(finding["origin"]["file"]).read_text().splitlines()[finding["origin"]["line"] - 1]
    return FAULT in line


def test_a_script_is_seen_through_with_no_change_to_it(framework, python, tmp_path):
    script = str(PROGRAMS / f"with_{framework}.py")
    done = python("-m", "neurologist", "run", "--quiet", "-o", "report.json", script)
    assert done.returncode == 1, done.stderr
    first = json.loads((tmp_path / "report.json").read_text())["findings"][0]
    assert (first["rule"], first["severity"], at_fault(first)) == (RULES[framework], "error", True)


def test_its_callback_reports_the_sick_and_the_healthy(framework, python, tmp_path):
    done = python(str(PROGRAMS / "callbacks.py"), framework)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("neurologist: ")]
    assert len(said) == 2, done.stdout
    assert said[0] == "neurologist: nothing found (report: sick_False.html)"
    assert said[1].startswith(f"neurologist: error {RULES[framework]} at ")
    assert all("<html" in (tmp_path / f"sick_{sick}.html").read_text()[:200] for sick in (False, True))

    healthy, sick = nl.diagnose(tmp_path / "run.nlr"), nl.diagnose(tmp_path / "run-2.nlr")  # nothing is overwritten
    assert healthy.findings == ()
    assert sick.findings[0].rule == RULES[framework]
    assert at_fault(sick.findings[0].__dict__ | {"origin": vars(sick.findings[0].origin)})
    assert any("the dashboard is down" in str(part) for part in sick.not_measured)

    rows = [json.loads(line) for line in (tmp_path / "sick_True.jsonl").read_text().splitlines()]
    assert sum("numbers" in row for row in rows) == sick.summary.samples
    assert RULES[framework] in [row["finding"]["rule"] for row in rows if "finding" in row]
    told = json.loads(done.stdout.splitlines()[-1])["True"]
    if framework in ("transformers", "skorch"):
        assert RULES[framework] in told
    if framework in ("transformers", "accelerate"):
        assert "'neurologist/errors': 1.0" in told
    if framework == "lightning":
        metrics = sorted(tmp_path.glob("logs/*/version_1/metrics.csv"))[0].read_text()
        assert "neurologist/errors" in metrics.splitlines()[0]


@pytest.mark.parametrize("lang", ["", "zh/"])
def test_the_page_names_each_framework_and_each_sink(lang, root):
    page = (root / "docs" / lang / "integrations.md").read_text(encoding="utf-8")
    for name in RULES:
        assert f"from neurologist.integrations.{name} import " in page
    for name, member in sinks().items():
        assert f"`{name}{member.TARGET}`" in page
