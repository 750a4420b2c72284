"""That the browser's fixture sees what it is there to see."""

from __future__ import annotations

from pathlib import Path

import pytest

FAULTS = {
    "console error": "<script>console.error('bad')</script>",
    "thrown": "<script>null.x</script>",
    "dialog": "<script>alert(1)</script>",
    "asked for https://example.org/": "<script>fetch('https://example.org/')</script>",
    "asked for http://example.org/a.css": "<link rel=stylesheet href='http://example.org/a.css'>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_that_does_wrong_is_told(fault, opened, complaints, tmp_path):
    path = Path(tmp_path / "page.html")
    path.write_text(f"<!doctype html><title>x</title><body>{FAULTS[fault]}", encoding="utf-8")
    opened(path).wait_for_timeout(100)
    assert any(said.startswith(fault) for said in complaints)
    complaints.clear()


def test_a_page_that_does_no_wrong_is_left_alone(opened, tmp_path):
    path = Path(tmp_path / "page.html")
    path.write_text("<!doctype html><title>fine</title><script>document.title += '!'</script>", encoding="utf-8")
    assert opened(path, width=390).title() == "fine!"
