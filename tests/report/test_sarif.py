"""SARIF 2.1.0: what the standard asks of a log, and that nothing found is lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from neurologist.diagnose import Aside, Diagnosis, Finding, Origin, Remark, Symptom
from neurologist.report import github, sarif

jsonschema = pytest.importorskip("jsonschema")

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


ARTIFACT = closed(
    ["uri"], uri={"type": "string", "format": "uri-reference", "minLength": 1}, uriBaseId={"type": "string"}
)
REGION = closed(["startLine"], startLine={"type": "integer", "minimum": 1}, snippet=TEXT)
LOCATION = closed(
    ["physicalLocation"],
    id={"type": "integer", "minimum": -1},
    message=TEXT,
    physicalLocation=closed(["artifactLocation", "region"], artifactLocation=ARTIFACT, region=REGION),
    logicalLocations={
        "type": "array",
        "items": closed([], fullyQualifiedName={"type": "string"}, kind={"type": "string"}),
    },
)
RESULT = closed(
    ["message", "ruleId", "level", "locations"],
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    message=TEXT,
    locations={"type": "array", "items": LOCATION, "minItems": 1},
    relatedLocations={"type": "array", "items": LOCATION, "uniqueItems": True},
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    properties={"type": "object"},
)
RULE = closed(
    ["id"],
    id={"type": "string"},
    name={"type": "string"},
    shortDescription=TEXT,
    fullDescription=TEXT,
    help=TEXT,
    defaultConfiguration=closed([], level=LEVEL),
    properties={"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": True}}},
)
DRIVER = closed(
    ["name"],
    name={"type": "string"},
    semanticVersion={"type": "string"},
    rules={"type": "array", "items": RULE, "uniqueItems": True},
)
INVOCATION = closed(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications={"type": "array", "items": closed(["message"], level=LEVEL, message=TEXT)},
)
RUN = closed(
    ["tool"],
    tool=closed(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={"type": "object", "additionalProperties": ARTIFACT},
    invocations={"type": "array", "items": INVOCATION},
    results={"type": "array", "items": RESULT},
)
LOG = closed(
    ["version", "runs"],
    **{
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": RUN},
    },
)


def read(diagnosis: Diagnosis, base: Path) -> dict[str, Any]:
    """The one run of the log, which is valid."""
    data = json.loads(sarif.text(diagnosis, base))
    jsonschema.Draft7Validator(LOG, format_checker=jsonschema.FormatChecker()).validate(data)
    run: dict[str, Any] = data["runs"][0]
    for result in run["results"]:
        if "ruleIndex" in result:
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def notes(run: dict[str, Any]) -> list[str]:
    return [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]


def test_a_finding_with_a_line_is_a_result_and_every_other_a_notification(
    tmp_path: Path, made: SimpleNamespace
) -> None:
    file = tmp_path / "src" / "my train #1.py"
    run = read(made.sick(file), tmp_path)
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("NL101", "error")
    assert "cannot fall below 1.46" in result["message"]["text"]
    assert "smallest loss that can be reached 1.46 (expected 0)" in result["message"]["text"]
    assert "It explains: vanishing-gradient." in result["message"]["text"]
    place = result["locations"][0]
    assert place["physicalLocation"]["artifactLocation"] == {
        "uri": "src/my%20train%20%231.py",
        "uriBaseId": "%SRCROOT%",
    }
    assert place["physicalLocation"]["region"]["startLine"] == 4
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "model"
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 2
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{tmp_path.as_uri()}/"
    told = notes(run)
    assert [note.split(" (")[0] for note in told[:2]] == ["saturated-units", "unscaled-input"]
    assert told[2].startswith("update norms: ")


def test_a_result_is_the_same_in_the_next_run_though_its_line_and_numbers_moved(
    tmp_path: Path, made: SimpleNamespace
) -> None:
    def printed(finding: Finding) -> str:
        run = read(Diagnosis((finding,)), tmp_path)
        return run["results"][0]["partialFingerprints"]["neurologist/v1"]  # type: ignore[no-any-return]

    first = made.sick(tmp_path / "train.py").findings[0]
    moved = replace(first, origin=replace(first.origin, line=40), message="other numbers")
    other = replace(first, origin=replace(first.origin, code="return x"))
    assert printed(moved) == printed(first)
    assert printed(other) != printed(first)


def test_files_elsewhere_rules_from_elsewhere_and_hostile_names_stay_valid(tmp_path: Path) -> None:
    odd = Finding(
        "my-own", "X1", "c", "warning", "m <b>\ud800", origin=Origin("/else where/a:b\udcff.py", 3, "x\x1b", "m'\"")
    )
    unplaced = Symptom("s", "m", Origin("a.py", None))
    run = read(Diagnosis((replace(odd, symptoms=(unplaced,)), replace(odd, origin=Origin("a.py", 0)))), tmp_path)
    (result,) = run["results"]
    assert "ruleIndex" not in result
    assert "relatedLocations" not in result
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith(
        "file:///else%20where/a%3Ab"
    )
    assert len(notes(run)) == 1


def aside(made: SimpleNamespace, folder: Path) -> Diagnosis:
    """Two findings ignored, one known, and a comment without effect."""
    first, second, third = made.sick(folder / "train.py").findings
    settings = Origin(str(folder / "pyproject.toml"))
    return Diagnosis(
        aside=(
            Aside("ignored", first, "as published", Origin(str(folder / "train.py"), 4)),
            Aside("ignored", second, "sparse", settings),
            Aside("ignored", replace(second, message="again"), "sparse", settings),
            Aside("known", third, "", Origin(str(folder / "known.json"))),
        ),
        remarks=(Remark("This comment has no effect: it names no rule.", Origin(str(folder / "train.py"), 9)),),
        numbers=("dead-units.many = 0.7 (0.6)",),
        summary=made.summary(),
    )


TOLD = (
    "1 finding ignored: double-softmax (as published; train.py:4), and what it explains: vanishing-gradient",
    "2 findings ignored: saturated-units (sparse; pyproject.toml)",
    "known before (known.json): unscaled-input",
    "train.py:9: This comment has no effect: it names no rule.",
)


def test_what_is_set_aside_is_told_in_every_form(tmp_path: Path, made: SimpleNamespace) -> None:
    from neurologist.report import html, terminal

    diagnosis = aside(made, tmp_path)
    plain = " ".join(terminal.text(diagnosis, base=tmp_path).split())
    page = " ".join(html.text(diagnosis, tmp_path).split())
    logged = notes(read(diagnosis, tmp_path))
    for line in TOLD:
        assert line in plain
        assert line in page
        assert line in logged
    for said in (plain, page):
        assert "nothing found, 3 ignored, 1 known" in said
        assert "NOTHING ELSE FOUND" in said
        assert "NOTHING FOUND" not in said
        assert "dead-units.many = 0.7 (0.6)" in said
    assert read(diagnosis, tmp_path)["results"] == []
    assert [entry["kind"] for entry in diagnosis.to_dict()["aside"]] == ["ignored"] * 3 + ["known"]


def test_what_is_set_aside_is_a_notice_on_github_whose_paths_begin_at_the_checkout(
    tmp_path: Path, made: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    lines = github.text(aside(made, tmp_path / "deep"), base=tmp_path / "deep").splitlines()
    assert lines[1] == "::notice title=neurologist::2 findings ignored: saturated-units (sparse; deep/pyproject.toml)"
    assert lines[3].startswith("::warning file=deep/train.py,line=9,title=neurologist::This comment has no effect")
    assert [line.split(" ")[0] for line in lines] == ["::notice"] * 3 + ["::warning"]
    sick = github.text(made.sick(tmp_path / "deep" / "train.py"), base=tmp_path / "deep").splitlines()
    assert sick[0].startswith("::error file=deep/train.py,line=4,title=double-softmax NL101::")
    assert "Evidence: smallest loss that can be reached 1.46 (expected 0)" in sick[0]
    assert sick[0].endswith("%0AMore: neurologist explain double-softmax")
