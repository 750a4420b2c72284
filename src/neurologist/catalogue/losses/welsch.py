"""A bell turned upside down: outliers cost at most half of c squared."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="welsch",
    formula="c ** 2 / 2 * (1 - exp(-((p - t) / c) ** 2))",
    stable="-(c ** 2 / 2) * expm1(-((p - t) / c) ** 2)",
    parameters={"c": 2.985},
    domains={"c": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Dennis, Welsch", 1978, "Techniques for nonlinear least squares and robust regression"),
)
