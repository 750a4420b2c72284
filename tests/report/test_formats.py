from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurologist.diagnose import Diagnosis, Evidence, Finding, Origin, Summary
from neurologist.report import FORMATS, github
from neurologist.report import json as json_view


def strict(text: str) -> dict[str, object]:
    def refuse(name: str) -> object:
        raise AssertionError(f"{name} is not JSON")

    data = json.loads(text, parse_constant=refuse)
    assert isinstance(data, dict)
    return data


def test_json_has_every_field_under_its_own_name(made: SimpleNamespace) -> None:
    data = strict(json_view.text(made.sick()))
    assert data["format"] == "neurologist-diagnosis"
    assert data["healthy"] is False
    assert set(data) == {"format", "version", "healthy", *made.sick().to_dict()}
    assert data["findings"][0]["evidence"][1]["value"] == 0.0000123  # type: ignore[index]


def test_json_is_strict_where_numbers_are_not_finite() -> None:
    values = (math.nan, math.inf, -math.inf, None, 1.5)
    finding = Finding("r", "NL1", "c", "error", "m", evidence=tuple(Evidence("e", v) for v in values))
    data = strict(json_view.text(Diagnosis((finding,), summary=Summary(losses=((0, math.nan),)))))
    assert [e["value"] for e in data["findings"][0]["evidence"]] == ["NaN", "Infinity", "-Infinity", None, 1.5]  # type: ignore[index]
    assert data["summary"]["losses"] == [[0, "NaN"]]  # type: ignore[index]


def test_json_survives_any_name() -> None:
    finding = Finding("r", "NL1", "c", "error", "\ud800 中 \x1b", origin=Origin("\udcff.py", 1))
    text = json_view.text(Diagnosis((finding,)))
    assert text.isascii()
    assert strict(text)["findings"][0]["message"] == "\ud800 中 \x1b"  # type: ignore[index]


def test_a_diagnosis_is_saved_by_its_suffix(tmp_path: Path, made: SimpleNamespace) -> None:
    made.sick().save(tmp_path / "a.json")
    made.sick().save(tmp_path / "a.txt")
    assert strict((tmp_path / "a.json").read_text())["version"] == 1
    assert "ROOT CAUSE" in (tmp_path / "a.txt").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"expected a name ending in .*\.json, \.sarif, \.txt"):
        made.sick().save(tmp_path / "a.docx")


def test_printing_a_diagnosis_shows_the_report(made: SimpleNamespace) -> None:
    assert "ROOT CAUSE" in str(made.sick())
    assert "NOTHING FOUND" in str(made.healthy())


def test_annotations_name_file_and_line(tmp_path: Path, made: SimpleNamespace) -> None:
    text = github.text(made.sick(tmp_path / "src" / "train.py"), tmp_path)
    first, second, third = text.splitlines()
    assert first.startswith("::error file=src/train.py,line=4,title=double-softmax NL101::The softmax of model")
    assert second.startswith("::warning title=")
    assert third.startswith("::notice ")
    assert github.text(made.healthy()) == ""


def test_annotations_cannot_be_broken_out_of() -> None:
    finding = Finding("r", "NL1", "c", "error", "50 %\n::error::x", origin=Origin("a:b,c=d.py", 2))
    text = github.text(Diagnosis((finding,)))
    assert text == "::error file=a%3Ab%2Cc=d.py,line=2,title=r NL1::50 %25 ::error::x%0AMore: neurologist explain r\n"


def test_the_formats_offered_are_those_that_work() -> None:
    assert FORMATS == ("text", "json", "sarif", "github", "html")
    assert {".txt", ".json", ".sarif", ".html"} <= set(Diagnosis.writers)
