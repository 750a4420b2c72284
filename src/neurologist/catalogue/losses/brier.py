"""The squared distance of the predicted distribution from the right class: takes probabilities."""

from neurologist.catalogue.spec import NON_NEGATIVE, UNIT, Loss, Source

LOSS = Loss(
    name="brier",
    formula="sum((p - y) ** 2)",
    stable_derivative="2 * (p - y)",
    predictions=UNIT,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="probabilities",
    link="softmax",
    vector=True,
    prepare="labelled",
    prepared=("y",),
    source=Source("Brier", 1950, "Verification of forecasts expressed in terms of probability"),
)
