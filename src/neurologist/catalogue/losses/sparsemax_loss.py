"""The loss whose slope is sparsemax minus target: exactly 0 once the right class leads by 1."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="sparsemax_loss",
    formula="sum(max(z - tau, 0) ** 2) / 2 + tau + sum(y ** 2) / 2 - sum(y * z)",
    stable="sum(where(z > tau, (z - tau - y) ** 2 / 2, y * (tau - z) + y ** 2 / 2))",
    stable_derivative="max(z - tau, 0) - y",
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    applies="sparsemax",
    vector=True,
    prepare="threshold",
    prepared=("y", "tau"),
    source=Source(
        "Martins, Astudillo",
        2016,
        "From softmax to sparsemax: a sparse model of attention and multi-label classification",
    ),
)
