"""Cards: complete for every member, true where it can be checked otherwise, and the same in every view."""

import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurologist.catalogue import UnknownMemberError, activations, losses
from neurologist.functional import activation, functions
from neurologist.functional import losses as loss_functions
from neurologist.functional.curves import Curve, curve
from neurologist.report import card as cards
from neurologist.report import card_text, card_uses, card_words
from neurologist.report.card_plot import caption, drawn
from neurologist.report.card_pretty import pretty
from neurologist.theory.traits import traits

EVERY = [*activations, *losses]
STEEPEST = {  # where the slope is largest, known from the shape of each
    "sigmoid": "0.25 at x = 0",
    "relu": "1 for x > 0",
    "relu6": "1 for 0 < x < 6",
    "hardsigmoid": "0.1667 for -3 < x < 3",
    "abs": "1 for x ≠ 0",
    "softshrink": "1 for |x| > 0.5",
    "identity": "1 everywhere",
    "softplus": "1 in the limit x → ∞",
    "gaussian": "0.8578 at x = ±0.7071",
    "hardshrink": "∞: it jumps at x = -0.5",
}
USES = {  # a place each function has, and one that it has not
    "sigmoid": ("gates", "recurrent states"),
    "tanh": ("recurrent states", "gates"),
    "relu": ("hidden layers", "gates"),
    "gelu": ("hidden layers (normalised)", "shallow hidden layers"),
    "softmax": ("attention weights", "hidden layers"),
    "identity": ("not hidden layers", "hidden layers"),
    "swiglu": ("feed-forward blocks", "attention weights"),
    "softshrink": ("sparse codes", "gates"),
    "gaussian": ("radial basis functions", "hidden layers"),
    "sin": ("coordinates and signals", "gates"),
    "softplus": ("output: scales and rates", "hidden layers"),
    "threshold": ("hard decisions", "hidden layers"),
}


@pytest.fixture(scope="module", params=EVERY)
def card(request):
    return cards.card(request.param)


def test_every_card_is_complete_plain_data(card):
    assert json.loads(cards.json(card))["name"] == card["name"]
    same_kind = cards.card("relu" if card["kind"] == "activation" else "mse")
    assert card.keys() == same_kind.keys()
    assert card["summary"].endswith((".", ")"))
    assert len(card["summary"]) > 15
    assert str(card["source"]["year"]) in card["source"]["text"]


def test_every_card_is_a_markdown_page(card):
    page = cards.markdown(card)
    assert page.startswith(f"# {card['name']}\n")
    assert page.count("$$") % 2 == 0
    assert page.count("```") % 2 == 0
    outside = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", outside, flags=re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(cells) == 1, table  # a bar within a cell would make one more
    for fact in ("text", "author"):
        assert card["source"][fact] in page


def test_every_formula_fits_a_terminal(card):
    for ascii_only in (False, True):
        shown = pretty(card["formula"]["text"], "f(x)", 60, ascii_only)
        assert max(map(len, shown.splitlines())) <= 60
        assert not ascii_only or shown.isascii()


@pytest.mark.parametrize("name", ["gelu", "softmax", "rrelu", "spline", "cross_entropy", "huber", "nt_xent"])
def test_a_card_reads_well_in_a_narrow_terminal(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    stream, found = io.StringIO(), cards.card(name)
    family = loss_functions if found["kind"] == "loss" else functions
    card_text.show(found, stream, curve(family[name]))
    page = stream.getvalue()
    for text in found["code"].values():
        assert text.strip() in page  # as it is, to be pasted
        page = page.replace(text.strip(), "")
    assert max(map(len, page.splitlines())) <= 60
    for part in (found["source"]["author"], "Plot", "Source"):
        assert part in page


def test_values_and_slopes_are_the_functions():
    for name in ("tanh", "elu", "softsign"):
        for row in cards.card(name)["values"]:
            assert row["value"] == pytest.approx(functions[name](row["x"]), rel=1e-12)
            assert row["slope"] == pytest.approx(functions[name].derivative(row["x"]), rel=1e-12)


@pytest.mark.parametrize("name", STEEPEST)
def test_where_the_slope_is_largest(name):
    assert cards.card(name)["derivative"]["largest_in_words"] == STEEPEST[name]


def test_traits_are_said_in_words():
    words = dict(cards.card("relu")["in_words"])
    assert words["range"] == "[0, ∞)"
    assert words["dead zone"] == "(-∞, 0]: the slope is exactly 0"
    assert words["saturation"] == "none"
    assert words["smoothness"] == "continuous; the slope jumps at x = 0"
    assert words["zero-centred"].startswith("no: outputs average 0.3989")  # 1 / sqrt(2 pi)
    words = dict(cards.card("tanh")["in_words"])
    assert (words["zero-centred"], words["symmetry"]) == ("yes", "odd: f(-x) = -f(x)")
    assert words["saturation"] == "both sides: the slope tends to 0"
    assert words["tails"] == "tends to -1 at -∞, tends to 1 at ∞"
    assert dict(cards.card("sin")["in_words"])["tails"] == "settles on nothing at -∞, settles on nothing at ∞"
    assert dict(cards.card("celu")["in_words"])["smoothness"].startswith("1 continuous derivative; the next jumps")


@pytest.mark.parametrize("name", activations)
def test_a_drifting_signal_is_warned_of_and_no_other(name):
    found, spec = cards.card(name), activations[name]
    stacks = bool(found["start"])
    assert stacks == (not spec.vector or spec.widens != 1)
    assert (found["warning"] is not None) == (stacks and traits(spec).q_slope > 1 + 1e-9)
    if found["warning"]:
        assert "unstable" in found["warning"]
        assert card_words.digits(traits(spec).q_slope) in found["warning"]


@pytest.mark.parametrize("name", USES)
def test_where_a_function_is_used_follows_from_what_it_is(name):
    places = [use["place"] for use in cards.card(name)["uses"]]
    has, lacks = USES[name]
    assert has in places
    assert lacks not in places


def test_weights_must_add_up_to_one():
    spec = replace(activations["softmax"], name="own", formula="1 / (1 + exp(-x))", stable="sigmoid(x)")
    assert card_uses.attention(activations["softmax"], traits(activations["softmax"])) is not None
    assert card_uses.attention(spec, traits(activations["softmax"])) is None


def test_a_link_is_used_before_the_losses_that_ask_for_it():
    found = cards.card("sigmoid")
    assert "bce" in found["link_of"]
    assert "bce_with_logits" in found["applied_by"]
    assert found["uses"][0]["place"].startswith("output: yes or no")
    assert all(losses[name].link == "sigmoid" for name in found["link_of"])


def test_uses_name_no_function():
    texts = re.findall(r'"([^"]+)"', Path(card_uses.__file__).read_text(encoding="utf-8"))
    assert set(texts) & set(EVERY) == set()


def test_names_are_found_in_any_spelling():
    for spelling in ("leaky_relu", "LeakyReLU", "leaky-relu", " Leaky ReLU "):
        assert cards.find(spelling).name == "leaky_relu"
    assert cards.find("logistic").name == "sigmoid"
    assert cards.find("mae").name == "l1"
    assert cards.find("CrossEntropy").name == "cross_entropy"
    assert cards.find("cosine").name == "cosine"  # a loss, though cos has it for an alias
    assert cards.find("cosine") is losses["cosine"]


def test_unknown_names_offer_the_nearest_of_both_families():
    with pytest.raises(UnknownMemberError, match="called 'sofmax': did you mean softmax"):
        cards.find("sofmax")
    with pytest.raises(UnknownMemberError, match="cross_entropy"):
        cards.find("crossentrpy")
    with pytest.raises(UnknownMemberError, match="`neurologist show` lists all"):
        cards.find("qqqq")


def test_your_own_function_has_a_card_too():
    found = cards.card(activation("my_swish", "x / (1 + exp(-b*x))", b=1.5).spec)
    assert found["summary"] == "Your own, from its formula."
    (parameter,) = found["parameters"]
    assert (parameter["name"], parameter["default"], parameter["learnable"]) == ("b", 1.5, False)
    assert parameter["domain"]["text"] == "(-∞, ∞)"
    assert "x * torch.sigmoid(b * x)" in found["code"]["torch"]
    assert cards.markdown(found).startswith("# my_swish\n")
    homonym = activation("relu", "x * exp(-x ** 2)")
    assert cards.card(homonym.spec)["summary"] == "Your own, from its formula."


def test_a_loss_says_what_fits_and_ends_in_prediction_less_target():
    found = cards.card("cross_entropy")
    assert found["derivation"]["steps"][-1]["text"] == "dL/dz_i = p - y"
    assert found["canonical_link"] == "softmax"
    assert found["applies"] == "softmax"
    assert dict(found["links_in_words"])["natural link"].startswith("none before it: it applies softmax itself")
    assert ["y", "the targets as rows, one probability per class"] in found["made"]
    assert [one["name"] for one in found["reductions"]] == ["mean", "sum", "none"]
    assert [one["name"] for one in cards.card("js")["reductions"]] == ["mean", "sum", "none", "batchmean"]
    assert "with identity the slope is 2 times" in dict(cards.card("mse")["links_in_words"])["canonical link"]
    assert dict(cards.card("bce")["links_in_words"])["canonical link"].startswith("sigmoid: ")


@pytest.mark.parametrize("name", losses)
def test_every_letter_of_a_losss_formula_is_explained(name):
    from neurologist.catalogue.expression import free_names

    found = cards.card(name)
    known = {operand["letter"] for operand in found["operands"]} | {letter for letter, _ in found["made"]}
    known |= {parameter["name"] for parameter in found["parameters"]}
    assert free_names(found["formula"]["text"]) <= known
    assert not any("made by the step" in meaning for _, meaning in found["made"])


def test_formulas_stand_over_several_lines():
    assert pretty("where(x > 0, x, alpha * (exp(x) - 1))", "f(x)").splitlines() == [
        "       ⎧ x             if x > 0",
        "f(x) = ⎨     ⎛ x    ⎞",
        "       ⎩ α · ⎝e  - 1⎠  else",
    ]
    assert pretty("1 - (x - 1)") == "1 - (x - 1)"
    assert pretty("-beta * x * 2") == "-β · x · 2"
    assert pretty("(2 * x) ** 2").splitlines() == ["       2", "(2 · x)"]
    assert pretty("abs(x) <= 1", ascii_only=True) == "|x| <= 1"
    assert pretty("x / sqrt(2 + x)", ascii_only=True).splitlines() == ["      x", "-------------", " sqrt(2 + x)"]


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0"), (1e-17, "1e-17"), (math.inf, "∞"), (math.nan, "?"), (12.0, "12")]
)
def test_numbers_in_few_digits(value, said):
    assert card_words.digits(value) == said


@pytest.mark.parametrize("name", ["relu", "softmax", "itakura_saito", "clip", "identity"])
def test_curves_are_drawn_within_the_width(name):
    found = curve(functions[name] if name in functions else loss_functions[name])
    for ascii_only in (False, True):
        text = drawn(found, 50, ascii_only)
        assert max(map(len, text.splitlines())) <= 50
        assert not ascii_only or text.isascii()
        assert all(label in text for label in found.labels)
    assert "\x1b[" not in drawn(found, 50)
    assert "\x1b[" in drawn(found, 50, colour=True)
    assert caption(found).startswith(f"{found.axis} from")


def test_the_plot_shows_the_curve():
    rows = drawn(curve(functions["identity"]), 60, ascii_only=True).splitlines()
    columns = [line.index("*") for line in rows if "*" in line and "f(x)" not in line]
    assert columns == sorted(columns, reverse=True)  # it rises from left to right


def test_a_pole_does_not_flatten_the_rest():
    x = np.linspace(0.0, 1.0, 101)
    pole = np.where(x == 0, 1e6, x)
    rows = drawn(Curve("pole", x, pole, np.full_like(x, np.nan), "x", ("f", "slope")), 60).splitlines()
    ticks = [float(tick) for tick in re.findall(r"^ *(-?[\d.]+)┤", "\n".join(rows), re.MULTILINE)]
    assert ticks
    assert max(ticks) <= 1.0
