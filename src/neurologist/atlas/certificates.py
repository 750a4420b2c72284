"""What `benchmarks/accuracy.py` measured, for the page: how many ULP value and slope are off at their worst.

The figures stand in docs/certificates.json; a wheel carries that file beside this one.
May import: the standard library.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

PLACES = (Path(__file__).parent / "certificates.json", Path(__file__).parents[3] / "docs" / "certificates.json")


def certificate(name: str) -> dict[str, Any] | None:
    """By dtype and maker ("ours", "torch"): worst error of value and slope in ULP; None where none was measured."""
    found = _all()["members"].get(name)
    if found is None:
        return None
    return {
        dtype: {maker: {kind: _short(row[kind]) for kind in ("value", "slope")} for maker, row in makers.items()}
        for dtype, makers in found.items()
    }


def conditions() -> dict[str, Any] | None:
    """On how many points and with which torch; None where the figures are not at hand."""
    return _all()["about"]  # type: ignore[no-any-return]


def _short(row: dict[str, Any]) -> list[Any]:
    """ULP, and how many inputs gave no finite number, or 0 for what is not 0."""
    return [row["ulp"], row["not_finite"], row["zero"]]


@lru_cache(maxsize=1)
def _all() -> dict[str, Any]:
    for place in PLACES:
        if place.is_file():
            return json.loads(place.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    return {"about": None, "members": {}}
