"""Surfaces to descend, as JavaScript: height, slopes and curvatures, all from one formula of `a` and `b` each.

May import: `catalogue`, `atlas`. To add a surface: a line in `SURFACES`, where it starts and what is seen of it in
`page/learn_descent.js`.
"""

from __future__ import annotations

from collections.abc import Mapping

from neurologist.atlas.javascript import function
from neurologist.catalogue.differentiate import differentiate

NAMES = ("a", "b", "k")  # a point, and what a slider moves
SURFACES: Mapping[str, str] = {
    # curvatures k and 1, along axes turned by 30 degrees
    "bowl": "(k * (sqrt(3) * a + b) ** 2 + (sqrt(3) * b - a) ** 2) / 8",
    # Rosenbrock (1960), less steep than his by the factor 10
    "valley": "(1 - a) ** 2 + 10 * (b - a ** 2) ** 2",
    # flat at (0, 0); lowest at (0, 1) and (0, -1)
    "saddle": "2 * a ** 2 + (b ** 2 - 1) ** 2 / 4",
}


def surface_functions() -> str:
    """A JavaScript object: surface -> its value, slopes by a and b, curvatures by aa, ab and bb as functions."""
    rows = []
    for name, height in SURFACES.items():
        by_a, by_b = differentiate(height, "a"), differentiate(height, "b")
        curved = (differentiate(by_a, "a"), differentiate(by_a, "b"), differentiate(by_b, "b"))
        rows.append(f"{name}:[{','.join(function(formula, NAMES) for formula in (height, by_a, by_b, *curved))}]")
    return "{" + ",\n".join(rows) + "}"
