"""The absolute difference as percent of the target, which may not be near 0."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="mape",
    formula="100 * abs(p - t) / max(abs(t), eps)",
    parameters={"eps": 1e-07},
    domains={"eps": NON_NEGATIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source(
        "de Myttenaere, Golden, Le Grand, Rossi", 2016, "Mean absolute percentage error for regression models"
    ),
    aliases=("mean_absolute_percentage_error",),
)
