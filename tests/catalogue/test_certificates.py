"""docs/certificates.* hold: each figure comes again at its worst input, and a sample of the sweep finds none worse."""

from __future__ import annotations

import json
from functools import cache
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("flint", reason="certificates are made with python-flint")

from _points import DTYPES, points
from _sweep import KINDS, LIMITS, curves, sweep, vector_rows
from _table import BROKEN, largest, markdown
from _truth import limit, of_numbers, of_vector
from _ulp import Truth, errors

from neurologist.catalogue import activations

DOCS = Path(__file__).resolve().parents[2] / "docs"
REMAKE = "run python benchmarks/accuracy.py --write docs/certificates.md"
PROMISED = ("float32", "bfloat16", "float16")
SHARE = 0.9  # of the functions of numbers are to keep the limits
SAMPLE = 48  # inputs of a sweep, besides the worst
ELSEWHERE = 1.0  # ULP by which another processor's or version's mathematics may differ
CURVES = curves()
NUMBERS = [name for name, spec in activations.items() if not spec.vector]
VECTORS = [name for name, spec in activations.items() if spec.vector]


@cache
def committed() -> dict[str, Any]:
    return json.loads((DOCS / "certificates.json").read_text(encoding="utf-8"))


@cache
def made_here() -> bool:
    about = committed()["about"]
    return (about["torch"], about["processor"]) == (torch.__version__, torch.backends.cpu.get_cpu_capability())


@cache
def grid(label: str) -> torch.Tensor:
    return points(None, DTYPES[label], committed()["about"]["points"])


def assert_stated(got: dict[str, Any], stated: dict[str, Any], what: str) -> None:
    """The largest error of a sample that has the worst input in it is the stated one; no more of it is broken."""
    found, expected = float(got["ulp"]), float(stated["ulp"])
    near = pytest.approx(expected, abs=0.0 if made_here() else ELSEWHERE)
    assert found == near, f"{what}: {found} ULP, stated are {expected}; {REMAKE}"
    for what_fails in BROKEN:
        assert got[what_fails] <= stated[what_fails], (
            f"{what}: {got[what_fails]} results {BROKEN[what_fails]}, more than stated; {REMAKE}"
        )


@pytest.mark.parametrize("label", list(DTYPES))
@pytest.mark.parametrize("name", list(CURVES))
def test_a_sample_of_the_sweep_finds_what_is_stated(name: str, label: str) -> None:
    stated = committed()["members"][name][label]["ours"]
    every = grid(label)
    start = sum(map(ord, name)) % (len(every) // SAMPLE)  # other inputs for every function
    worst = torch.tensor([stated[kind]["at"] for kind in KINDS], dtype=torch.float64).to(DTYPES[label])
    found = sweep(CURVES[name], label, torch.cat([every[start :: len(every) // SAMPLE], worst]))["ours"]
    for kind in KINDS:
        assert_stated(found[kind], stated[kind], f"{name}, {kind} in {label}")


@pytest.mark.parametrize("label", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", VECTORS)
def test_vectors_give_what_is_stated(name: str, label: str) -> None:
    stated = committed()["members"][name][label]["ours"]
    for kind in KINDS:
        found = vector_rows(name, label, [stated[kind]["number"]])["ours"]
        assert_stated(found[kind], stated[kind], f"{name}, {kind} in {label}")


def test_every_member_is_in_the_table() -> None:
    assert set(committed()["members"]) == {*CURVES, *VECTORS}, REMAKE


def test_the_page_says_what_the_figures_say() -> None:
    assert (DOCS / "certificates.md").read_text(encoding="utf-8") == markdown(committed()), REMAKE


@pytest.mark.parametrize("label", PROMISED)
def test_limits_are_kept_and_what_is_beyond_is_explained(label: str) -> None:
    members = committed()["members"]
    beyond = [name for name in NUMBERS if largest(members[name], label) > LIMITS[label]]
    assert 1 - len(beyond) / len(NUMBERS) >= SHARE, beyond
    entries = [members[name][label]["ours"][kind] for name in beyond for kind in KINDS]
    assert all(entry["why"] for entry in entries if float(entry["ulp"]) > LIMITS[label])
    page = (DOCS / "certificates.md").read_text(encoding="utf-8")
    listed = page[page.index("## Beyond the limit in float32") : page.index("## Losses")]
    assert all(f"- `{name}`, " in listed for name in beyond)


def broken(label: str, *kinds_of_failure: str) -> dict[str, int]:
    return {
        f"{name}, {kind}": count
        for name, row in committed()["members"].items()
        for kind in KINDS
        if (count := sum(row[label]["ours"][kind][what] for what in kinds_of_failure))
    }


@pytest.mark.parametrize("label", PROMISED)
def test_nothing_is_zero_or_infinite_that_should_not_be(label: str) -> None:
    assert broken(label, *BROKEN) == {}


def test_nothing_is_infinite_in_float64_and_what_is_zero_is_listed() -> None:
    assert broken("float64", "not_finite") == {}
    page = (DOCS / "certificates.md").read_text(encoding="utf-8")
    listed = page[page.index("## Beyond the limit in float64") :]
    assert [what for what in broken("float64", "zero") if f"- `{what.replace(', ', '`, ')}: " not in listed] == []


def test_every_input_was_judged() -> None:
    members = committed()["members"]
    assert [
        name for name in CURVES for row in members[name].values() for k in KINDS if row["ours"][k]["unjudged"]
    ] == []


@pytest.mark.parametrize("name", [name for name, curve in CURVES.items() if curve.spec is None])
def test_a_confident_loss_still_teaches_in_bfloat16(name: str) -> None:
    row = committed()["members"][name]["bfloat16"]["confident"]
    assert all(row["ours"])
    assert row["ours"] == pytest.approx(row["exact"], rel=2**-8)
    assert 0 in row["torch"]  # or the row is no longer worth its place


# -- the ruler itself -----------------------------------------------------------------------------------------


def judged(got: float, exact: float, dtype: torch.dtype, least: float | None = None) -> tuple[float, bool, bool]:
    sides = [np.array([v]) for v in (exact, 0.0, exact if least is None else least, exact)]
    found = errors(np.array([got]), Truth(*sides), dtype)
    return float(found.ulp[0]), bool(found.not_finite[0]), bool(found.zero[0])


def test_an_ulp_is_the_distance_between_neighbours_at_the_exact_value() -> None:
    assert judged(1 + 2**-23, 1.0, torch.float32) == (1.0, False, False)
    assert judged(1.0, 1 - 2**-24, torch.float32) == (1.0, False, False)  # the binade below 1
    assert judged(3 * 2.0**-133, 2.0**-133, torch.bfloat16) == (2.0, False, False)  # subnormal numbers
    assert judged(2.0**-133, 0.0, torch.bfloat16) == (1.0, False, False)
    assert judged(1 + 2**-52, 1.0, torch.float64) == (1.0, False, False)


def test_broken_results_are_told_from_rounded_ones() -> None:
    assert judged(nan, 1.0, torch.float32) == (inf, True, False)
    assert judged(inf, 1e38, torch.float32) == (inf, True, False)
    assert judged(inf, 1e39, torch.float32) == (0.0, False, False)
    assert judged(-inf, 1e39, torch.float32) == (inf, False, False)
    assert judged(0.0, 2.0**-149, torch.float32) == (1.0, False, True)
    assert judged(0.0, 2.0**-151, torch.float32) == (0.25, False, False)
    assert judged(0.0, 1.0, torch.float32, least=0.0) == (0.0, False, False)  # one side of a kink


def test_truth_carries_more_digits_than_float64() -> None:
    third = of_numbers("x / 3", {}, np.array([1.0]))
    assert third.high[0] == 1 / 3
    assert third.low[0] == pytest.approx(2.0**-54 / 3, rel=1e-15)
    kink = of_numbers("where(x > 0, 1, 0.25)", {}, np.array([0.0, 1.0]), kinks=[0.0])
    assert (kink.least.tolist(), kink.most.tolist()) == ([0.25, 1.0], [1.0, 1.0])


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("x / (1 + exp(-x))", 0.0, inf),
        ("1 / (1 + exp(-x))", 0.0, 1.0),
        ("sin(x)", None, None),
        ("where(x > 0, log(1 + x), -log(1 - x))", -inf, inf),
        ("(x + sqrt(x ** 2 + 4)) / 2", 0.0, inf),
        ("x * tanh(exp(x))", 0.0, inf),
    ],
)
def test_limits_at_infinity(formula: str, low: float | None, high: float | None) -> None:
    assert [limit(formula, {}, sign) for sign in (-1, 1)] == [low, high]


def test_vectors_have_slopes_to_all_digits() -> None:
    value, slope = of_vector(activations["softmax"], [0.0, 0.0])
    assert value.tolist() == [0.5, 0.5]
    assert slope.tolist() == [[0.25, -0.25], [-0.25, 0.25]]
    assert np.isnan(of_vector(activations["maxout"], [1.0, 1.0])[1]).all()  # a kink
