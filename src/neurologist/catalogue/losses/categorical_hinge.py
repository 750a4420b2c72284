"""As the multi-class hinge, with the wrong scores counted as at least 0, as Keras has it."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="categorical_hinge",
    formula="max(0, 1 + max((1 - y) * z) - sum(y * z))",
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    vector=True,
    prepare="labelled",
    prepared=("y",),
    source=Source("Chollet and others", 2015, "Keras"),
)
