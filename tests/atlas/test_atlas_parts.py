"""The parts of the atlas that need no browser: formulas in JavaScript and MathML, vectors entry by entry, words."""

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import neurologist.atlas
from neurologist.atlas.build import LANGUAGES, PARTS, page, words
from neurologist.atlas.certificates import certificate, conditions
from neurologist.atlas.javascript import WORDS, erfc_series, function
from neurologist.atlas.mathml import mathml
from neurologist.atlas.unroll import unroll
from neurologist.catalogue import FormulaError, activations, losses
from neurologist.catalogue.backends import arrays
from neurologist.catalogue.expression import compile_formula, evaluate
from neurologist.catalogue.grammar import WORDS as LANGUAGE

VECTOR_WORDS = ("sum", "logsumexp", "softmax", "top", "sort", "cumsum", "rank", "first", "second", "join", "pick")


@pytest.mark.parametrize("name", [name for name, spec in activations.items() if spec.vector])
@pytest.mark.parametrize("vector", [(0.3, -1.2), (2.0, 2.0), (-0.7, 0.1)])
def test_entries_are_those_of_the_vector(name, vector):
    assert_unrolled(activations[name].value, vector, activations[name].parameters)


@pytest.mark.parametrize("word", [*VECTOR_WORDS[:8], "max", "min", "join"])
def test_words_of_vectors_read_any_length(word):
    formula = "join(second(x), -first(x))" if word == "join" else f"{word}(x) * x"
    formula = "first(x) - second(x)" if word == "first" else formula
    for vector in ((-0.7, 0.1, 1.4, 0.2), (3.0, 3.0, 3.0, -1.0)):
        assert_unrolled(formula, vector, {})


def assert_unrolled(formula, vector, parameters):
    whole = compile_formula(formula, arrays())({**parameters, "x": np.array(vector)})
    entries = unroll(formula, {"x": [repr(entry) for entry in vector]})
    found = [evaluate(entry, parameters) for entry in entries]
    np.testing.assert_allclose(found, np.broadcast_to(whole, len(found)), rtol=1e-12, atol=1e-15)


def test_every_word_of_one_number_has_its_javascript():
    assert set(LANGUAGE) - {"where", *VECTOR_WORDS} == set(WORDS)


def test_a_vector_left_in_a_formula_is_refused():
    with pytest.raises(FormulaError, match="unroll it"):
        function("x / sum(x)", ["x"])


def test_names_that_javascript_keeps_to_itself_are_renamed():
    assert function("log(var) + p", ["p", "var"]) == "(p,var_)=>{return (Math.log(var_)+p)}"


def test_the_series_of_erfc_has_all_its_digits():
    series = erfc_series()
    assert abs(series[-1]) < 1e-15 * abs(series[0])


@pytest.mark.parametrize(
    "latex",
    [r"\begin{cases} x & x > 0 \\ \alpha \left(e^{x} - 1\right) & \text{else} \end{cases}", r"\frac{a}{b_{i}^{2}}"],
)
def test_mathml_is_well_formed(latex):
    tree = ElementTree.fromstring(mathml(latex))
    assert tree.tag == "math"
    assert "\\" not in "".join(tree.itertext())


@pytest.mark.parametrize("latex", [r"\strange{x}", r"\frac{a}", "a}"])
def test_latex_that_is_not_known_is_refused(latex):
    with pytest.raises(ValueError, match="LaTeX"):
        mathml(latex)


def test_every_word_of_the_page_stands_in_both_languages():
    blanks = re.compile(r"\{(\w+)\}")
    for key, both in words().items():
        assert set(both) == set(LANGUAGES), key
        assert all(both.values()), key
        assert set(blanks.findall(both["en"])) == set(blanks.findall(both["zh"])), key


def test_what_a_function_is_stands_in_chinese_under_names_that_there_are():
    chinese = json.loads((PARTS / "members.zh.json").read_text(encoding="utf-8"))
    members = {f"{kind}/{name}" for kind, family in (("activation", activations), ("loss", losses)) for name in family}
    assert chinese.keys() <= members  # a new member needs one file alone, and speaks English until it is translated
    assert all(re.search("[\u4e00-\u9fff]", said) for said in chinese.values())


def test_no_word_of_the_page_is_unused_or_missing():
    known = set(words())
    source = "".join(path.read_text(encoding="utf-8") for path in PARTS.iterdir() if path.suffix in (".js", ".html"))
    literal = set(re.findall(r"""\bt\("(\w+)\"""", source)) | set(re.findall(r'data-t(?:-\w+)?="(\w+)"', source))
    assert literal - known == set()
    spoken = set(re.findall(r"""["'`](\w+)["'`]""", source)) | set(re.findall(r"\b(\w+):", source)) | literal
    begun = set(re.findall(r"t\(`(\w+_)\$\{", source))  # names that the page puts together
    begun |= {f"{lesson}_" for lesson in re.findall(r"\bLESSONS\.(\w+) = ", source)}
    built = {key for key in known if any(key.startswith(start) for start in begun)}
    assert known - spoken - built == set()


def test_scripts_and_styles_are_short():
    for path in PARTS.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        assert path.suffix == ".json" or len(lines) <= 300, path.name


def test_certificates_are_at_hand():
    assert conditions()["points"] > 0
    assert certificate("gelu")["float32"]["ours"]["value"] == [0.5, 0, 0]
    assert certificate("nothing") is None


def test_a_language_that_it_does_not_speak_is_refused():
    with pytest.raises(ValueError, match="expected one of en, zh"):
        page([], "fr")


def test_no_two_parts_of_the_page_use_one_name():
    """They stand in one script, where the later of two functions of a name silently takes the other's place."""
    parts = (Path(neurologist.atlas.__file__).parent / "page").glob("*.js")
    named = re.compile(r"^(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
    names = Counter(name for part in parts for name in named.findall(part.read_text(encoding="utf-8")))
    assert len(names) > 100
    assert [name for name, times in names.items() if times > 1] == []
