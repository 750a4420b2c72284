"""How far the best wrong class comes within the margin of the right one: takes raw scores."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="multiclass_hinge",
    formula="max(z + 1 - y) - sum(y * z)",
    stable="max(z - sum(y * z) + 1 - y)",
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    vector=True,
    prepare="labelled",
    prepared=("y",),
    source=Source(
        "Crammer, Singer", 2001, "On the algorithmic implementation of multiclass kernel-based vector machines"
    ),
)
