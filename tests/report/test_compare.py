"""Comparisons: the same rows in every view, and readable in 80 columns however many there are."""

import io
import json
import re

import pytest

from neurologist.report import card as cards
from neurologist.report import card_compare, card_compare_text

TEXTBOOK = ("sigmoid", "tanh", "relu", "leaky_relu", "softmax")


def compared(*names, cost=False):
    found = [cards.card(name) for name in names]
    for at, card in enumerate(found if cost else []):
        card["cost"] = {"ratio": 2.5 + at, "control": 1.01 + at / 100}
    return card_compare.comparison(found, "forward and backward")


def shown(table, width, monkeypatch, encoding="utf-8"):
    class Stream(io.StringIO):
        pass

    stream = Stream()
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(Stream, "encoding", encoding, raising=False)
    card_compare_text.show(table, stream)
    return stream.getvalue()


def test_the_table_of_the_textbooks():
    table = compared(*TEXTBOOK, cost=True)
    rows = {row["name"]: row for row in table["rows"]}
    assert rows["sigmoid"]["range"] == "(0, 1)"
    assert rows["sigmoid"]["largest |f'|"] == "0.25 at x = 0"
    assert rows["tanh"]["largest |f'|"] == "1 at x = 0"
    assert [rows[name]["zero-centred"] for name in TEXTBOOK] == ["no", "yes", "no", "no", "no"]
    assert [rows[name]["saturation"] for name in TEXTBOOK] == ["both sides", "both sides", "none", "none", "both sides"]
    assert [rows[name]["dead zone"] for name in TEXTBOOK] == ["none", "none", "(-∞, 0]", "none", "none"]
    assert rows["relu"]["gain"] == "1.414"
    assert rows["softmax"]["gain"] == "-"
    assert rows["tanh"]["cost / ReLU"] == "3.5"
    assert "ReLU by itself gave 1.01 to 1.05" in table["notes"][-1]
    assert any(note.startswith("softmax: one entry of two varies") for note in table["notes"])


def test_a_drifting_gain_is_marked_and_explained():
    table = compared("gelu", "relu")
    assert [row["gain"] for row in table["rows"]] == ["1.534 (drifts)", "1.414"]
    assert any(note.startswith("drifts: Q'(1) is above 1") for note in table["notes"])
    assert not any("drifts" in note for note in compared("relu", "tanh")["notes"])


def test_costs_stand_only_where_they_were_measured():
    assert "cost / ReLU" not in compared("relu", "gelu")["columns"]
    assert not any("cost" in note for note in compared("relu", "gelu")["notes"])


def test_losses_are_compared_too_but_not_with_activations():
    table = compared("mse", "bce", "cross_entropy")
    assert [row["canonical link"] for row in table["rows"]] == ["-", "sigmoid", "softmax"]
    assert [row["slope ends in"] for row in table["rows"]] == ["2 * (p - t)", "p - t", "p - y"]
    with pytest.raises(ValueError, match="the activation 'relu' and the loss 'mse': expected activations only"):
        compared("relu", "mse")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_readable_in_any_width(width, encoding, monkeypatch):
    names = (*TEXTBOOK, "gelu", "silu", "swiglu", "entmax15", "hardshrink", "spline")
    page = shown(compared(*names, cost=True), width, monkeypatch, encoding)
    assert max(map(len, page.splitlines())) <= width
    assert all(re.search(rf"\b{name}\b", page) for name in names)
    assert encoding == "utf-8" or page.isascii()
    assert "(long: neurologist" in " ".join(page.split())  # entmax15's formula fills no column


def test_five_functions_stand_in_one_block_of_80_columns(monkeypatch):
    page = shown(compared(*TEXTBOOK), 80, monkeypatch)
    assert page.splitlines()[0].split() == list(TEXTBOOK)
    assert page.count("range ") == 1
    assert shown(compared(*TEXTBOOK, "gelu"), 80, monkeypatch).count("range ") == 2


def test_markdown_is_one_table_with_notes():
    page = card_compare.markdown(compared(*TEXTBOOK, "softsign"))
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 6
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {10}
    assert r"$\frac{1}{1 + e^{-x}}$" in page
    assert r"\left\|x\right\|" in page  # escaped: a bar would end the cell
    assert "- softmax: one entry" in page


def test_latex_is_a_table_without_special_characters():
    page = card_compare.latex(compared(*TEXTBOOK, "hardshrink", "entmax15", cost=True))
    rows = [line for line in page.splitlines() if line.endswith(r"\\") and "&" in line]
    assert {len(re.findall(r"(?<!\\)&", re.sub(r"\$.*?\$", "", row))) for row in rows} == {9}
    assert r"leaky\_relu" in page
    outside = re.sub(r"\$.*?\$", "", re.sub(r"^%.*", "", page, flags=re.MULTILINE))
    assert not re.search(r"(?<!\\)[_^#∞≠→±<>|]", outside)
    assert page.isascii()
    for left, right in ("{}", ("\\begin", "\\end"), (r"\left", r"\right")):
        assert page.count(left) == page.count(right)


def test_json_has_everything():
    table = json.loads(card_compare.json(compared("relu", "tanh")))
    assert [row["name"] for row in table["rows"]] == ["relu", "tanh"]
    assert set(table["columns"]) < set(table["rows"][0])
