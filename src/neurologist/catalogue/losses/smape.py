"""The absolute difference as percent of the mean of both sizes: at most 200."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="smape",
    formula="200 * abs(p - t) / max(abs(p) + abs(t), eps)",
    parameters={"eps": 1e-07},
    domains={"eps": NON_NEGATIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Makridakis", 1993, "Accuracy measures: theoretical and practical concerns"),
)
