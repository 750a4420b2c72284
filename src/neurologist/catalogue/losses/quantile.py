"""The absolute difference with two slopes: asks for the quantile q; also called pinball loss."""

from neurologist.catalogue.spec import REAL, UNIT, Loss, Source

LOSS = Loss(
    name="quantile",
    formula="max(q * (t - p), (q - 1) * (t - p))",
    parameters={"q": 0.5},
    domains={"q": UNIT},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Koenker, Bassett", 1978, "Regression quantiles"),
    aliases=("pinball",),
)
