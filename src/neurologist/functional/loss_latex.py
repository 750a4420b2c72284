r"""Formulas of losses in LaTeX, with the indices that vectors need; SymPy has no word for an entry of a vector.

May import: `catalogue`, `functional.latex`.
"""

from __future__ import annotations

from neurologist.catalogue import Loss
from neurologist.catalogue.expression import parse
from neurologist.functional.latex import Writer


def latex(formula: str, spec: Loss) -> str:
    r"""A loss's formula: `z_i` is the entry at hand, `j` runs along the vector.

    >>> from neurologist.catalogue import losses
    >>> print(latex("z - log(sum(exp(z)))", losses["cross_entropy"]))
    z_{i} - \log \left(\sum_{j} e^{z_{j}}\right)
    """
    return Writer(vectors(spec)).text(parse(formula))


def vectors(spec: Loss) -> set[str]:
    """The names in a loss's formula that stand for vectors."""
    if not spec.vector:
        return set()
    rows = {name for name, shape in spec.shapes.items() if shape == "row"}
    classes = {"t"} if spec.target_kind == "class_index" else set()
    return {*spec.operands, *spec.prepared, *spec.held, "p"} - rows - classes - {"k", "tau"}
