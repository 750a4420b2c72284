"""Softmax and its losses over a few classes, as JavaScript: one function per entry, from the catalogue's own formulas.

May import: `catalogue`, `atlas`.
"""

from __future__ import annotations

from neurologist.atlas.javascript import function
from neurologist.atlas.unroll import unroll
from neurologist.catalogue import activations, losses

CLASSES = 4  # so few that every value of the graph can be shown


def class_functions() -> str:
    """A JavaScript object: what -> functions of the scores, then of the targets or the gradients."""
    softmax, hardmax, loss = activations["softmax"], activations["hardmax"], losses["cross_entropy"]
    formulas = {
        "softmax": (softmax.value, "x", None),
        "textbook": (softmax.formula, "x", None),
        "pullback": (str(softmax.pullback), "x", "g"),
        "hardmax": (hardmax.value, "x", None),
        "loss": (loss.value, "z", "y"),
        "textbookLoss": (loss.formula, "z", "y"),
        "slope": (str(loss.stable_derivative), "z", "y"),
    }
    rows = [f"{name}:[{','.join(_entries(*given))}]" for name, given in formulas.items()]
    return "{" + ",\n".join(rows) + "}"


def _entries(formula: str, first: str, second: str | None) -> list[str]:
    vectors = {name: [f"{name}{i}" for i in range(CLASSES)] for name in (first, second) if name is not None}
    names = [entry for entries in vectors.values() for entry in entries]
    return [function(entry, names) for entry in unroll(formula, vectors)]
