"""How far the best class scores above the right one."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="multiclass_perceptron",
    formula="max(z) - sum(y * z)",
    stable="max(z - sum(y * z))",
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    vector=True,
    prepare="labelled",
    prepared=("y",),
    source=Source(
        "Collins",
        2002,
        "Discriminative training methods for hidden Markov models: theory and experiments with perceptron algorithms",
    ),
)
