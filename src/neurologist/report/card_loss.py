"""A loss's card: everything that is known of it, as one plain dict.

May import: `catalogue`, `theory`, those parts of `functional` that need no torch, `report.card_activation`. To add a
fact: a key here; JSON has it at once, the other views where they name it.
"""

from __future__ import annotations

from typing import Any

from neurologist.catalogue import Loss, activations
from neurologist.catalogue.differentiate import differentiate
from neurologist.functional.code import code
from neurologist.functional.loss_derivation import derive
from neurologist.functional.loss_latex import latex
from neurologist.functional.reductions import MEANINGS, reductions
from neurologist.report import card_words as words
from neurologist.report.card_activation import Card, interval, parameters, source
from neurologist.theory.pairing import canonical_link, canonical_scale

TARGETS = {
    "real": "real numbers",
    "class_index": "class indices, or one row of probabilities per sample",
    "probability": "probabilities, or 0 and 1",
    "distribution": "distributions: each row adds up to 1",
    "sign": "-1 and 1",
    "count": "counts",
    "none": "none: predictions are compared with each other",
}
EXPECTS = {
    "real": "real numbers",
    "logits": "raw scores: no activation before them",
    "probabilities": "probabilities",
    "log_probabilities": "logarithms of probabilities",
}
ALONG = {
    "entry": "one loss per entry; predictions and targets have one shape",
    "classes": "classes along dim 1, as in torch; one loss per sample",
    "last": "vectors along the last dim; one loss per vector",
    "sample": "all but the first dim is one vector; one loss per sample",
}
SEQUENCES = "scores of (time, batch, classes), labels of (batch, labels), as in torch; one loss per sequence"

MADE = {  # letters that a loss makes from its operands
    "y": "the targets as rows, one probability per class",
    "s": "similarities of all pairs in the batch",
    "k": "how many entries a row has",
    "d": "differences of all pairs of a row's scores",
    "w": "1 for pairs whose order the targets know, 0 for others",
    "dp": "the distance of the anchor from its like",
    "dn": "the distance of the anchor from its unlike",
    "tau": "the threshold at which the projected scores add up to 1",
}
TOGETHER = "1 where two items belong together, 0 elsewhere"  # y, where there are similarities


def loss_card(spec: Loss, summary: str) -> Card:
    """The card of a loss.

    Args:
        spec: its entry in the catalogue.
        summary: what it is, in a sentence.
    """
    canonical = canonical_link(spec)
    return {
        "kind": "loss",
        "name": spec.name,
        "aliases": list(spec.aliases),
        "summary": summary,
        "formula": {"text": spec.formula, "latex": latex(spec.formula, spec)},
        "parameters": parameters(spec),
        "vector": spec.vector,
        "source": source(spec.source),
        "operands": [
            {
                "letter": letter,
                "role": _role(spec, letter),
                "domain": interval(spec.domain(letter)),
                "domain_in_words": _domain(spec, letter),
            }
            for letter in spec.operands
        ],
        "made": _made(spec),
        "expects": {"kind": spec.expects, "in_words": EXPECTS[spec.expects]},
        "targets": {"kind": spec.target_kind, "in_words": _targets(spec)},
        "shape": SEQUENCES if _lengths(spec) else ALONG[spec.along],
        "applies": spec.applies,
        "link": spec.link,
        "canonical_link": canonical,
        "links_in_words": _links(spec, canonical),
        "reductions": [{"name": name, "meaning": MEANINGS[name]} for name in reductions(spec)],
        "derivative": _derivative(spec),
        "derivation": _derivation(spec),
        "torch": _torch(spec),
        "code": code(spec),
    }


def _role(spec: Loss, letter: str) -> str:
    return "target" if letter == "t" else "length" if letter in _lengths(spec) else "prediction"


def _lengths(spec: Loss) -> list[str]:
    return [letter for letter in spec.operands if letter.endswith("_lengths")]


def _targets(spec: Loss) -> str:
    if spec.target_kind != "class_index":
        return TARGETS[spec.target_kind]
    if spec.targets.contains(-1.0):
        return "class indices, then -1 to the end of the row"
    return TARGETS["class_index"] if spec.prepare is not None else "class indices"


def _domain(spec: Loss, letter: str) -> str:
    """Where an operand must lie, as a reader would say it."""
    if letter in _lengths(spec):
        return "whole numbers, one per sequence"
    named = {"class_index": "0, 1, ..., number of classes - 1", "sign": "-1 or 1"}
    return named.get(spec.target_kind if letter == "t" else "", words.interval(spec.domain(letter)))


def _made(spec: Loss) -> list[list[str]]:
    """(letter, what it stands for) pairs of what is in the formula and not handed in."""
    meanings = {**MADE, "y": TOGETHER} if "s" in spec.prepared else MADE
    made = [[letter, meanings.get(letter, f"made by the step {spec.prepare!r}")] for letter in spec.prepared]
    return made + [[name, f"{formula}, held constant while differentiating"] for name, formula in spec.held.items()]


def _links(spec: Loss, canonical: str | None) -> list[list[str]]:
    """(which, what it means) pairs."""
    if spec.applies is not None:
        natural = f"none before it: it applies {spec.applies} itself, so give it raw scores"
    elif spec.link == "identity":
        natural = "identity: the last linear layer's output as it is"
    else:
        natural = f"{spec.link}, between the last linear layer and this loss"
    scale = canonical_scale(activations["identity" if spec.applies is not None else spec.link], spec)
    if canonical is not None:
        own = f"{canonical}: the slope by the preactivation is exactly prediction - target"
    elif scale is not None:
        own = f"none: with {spec.link} the slope is {scale:g} times prediction - target"
    else:
        own = "none: the slope by the preactivation is not prediction - target"
    return [["natural link", natural], ["canonical link", own]]


def _derivative(spec: Loss) -> dict[str, Any] | None:
    """The slope by the first operand, as computed; of vectors where the file gives it."""
    own = spec.stable_derivative or (None if spec.vector else differentiate(spec.value, spec.symbol))
    return None if own is None else {"by": spec.symbol, "text": own, "latex": latex(own, spec)}


def _derivation(spec: Loss) -> dict[str, Any]:
    found = derive(spec)
    return {
        "text": found.text,
        "latex": found.latex,
        "steps": [{"text": step.text, "latex": step.latex, "why": step.why} for step in found.steps],
    }


def _torch(spec: Loss) -> dict[str, Any] | None:
    if spec.torch_function is None:
        return None
    return {
        "function": f"torch.nn.functional.{spec.torch_function}",
        "arguments": dict(spec.torch_arguments),
        "exact": spec.exact_in_torch,
    }
