"""The negative log-probability of the right class: takes probabilities."""

from neurologist.catalogue.spec import NON_NEGATIVE, UNIT, Loss, Source

LOSS = Loss(
    name="categorical_cross_entropy",
    formula="-sum(y * log(p))",
    stable="-sum(where(y > 0, y * log(p), 0))",
    stable_derivative="where(y > 0, -y / p, 0)",
    predictions=UNIT,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="probabilities",
    link="softmax",
    vector=True,
    prepare="classes",
    prepared=("y",),
    source=Source("Good", 1952, "Rational decisions"),
)
