"""The logarithm of one plus the squared difference: the slope of an outlier falls off again."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="cauchy",
    formula="c ** 2 / 2 * log(1 + ((p - t) / c) ** 2)",
    stable="c ** 2 / 2 * log1p(((p - t) / c) ** 2)",
    stable_derivative="(p - t) / (1 + ((p - t) / c) ** 2)",
    parameters={"c": 1.0},
    domains={"c": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source(
        "Black, Anandan", 1996, "The robust estimation of multiple motions: parametric and piecewise-smooth flow fields"
    ),
    aliases=("lorentzian",),
)
