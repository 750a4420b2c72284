"""What every wrong class comes within 1 of every right one; targets list right classes, then -1."""

from math import inf

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="multilabel_margin",
    formula="sum(w * max(0, 1 - d)) / k",
    predictions=REAL,
    targets=Interval(-1.0, inf, True, False),
    target_kind="class_index",
    expects="logits",
    vector=True,
    along="last",
    prepare="listed",
    prepared=("d", "w", "k"),
    source=Source("Elisseeff, Weston", 2001, "A kernel method for multi-labelled classification"),
    autograd=("MultilabelMarginLossBackward0",),
    torch_function="multilabel_margin_loss",
)
