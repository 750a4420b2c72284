"""The absolute difference, rounded at its tip."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="charbonnier",
    formula="sqrt((p - t) ** 2 + eps ** 2)",
    stable_derivative="(p - t) / sqrt((p - t) ** 2 + eps ** 2)",
    parameters={"eps": 0.001},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source(
        "Charbonnier, Blanc-Feraud, Aubert, Barlaud",
        1994,
        "Two deterministic half-quadratic regularization algorithms for computed imaging",
    ),
)
