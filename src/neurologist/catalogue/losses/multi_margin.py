"""What every wrong class comes within the margin of the right one, summed: takes raw scores."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="multi_margin",
    formula="sum(where(y > 0, 0, max(0, margin - sum(y * z) + z) ** power)) / k",
    parameters={"power": 1.0, "margin": 1.0},
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    vector=True,
    prepare="labelled",
    prepared=("y", "k"),
    source=Source("Weston, Watkins", 1999, "Support vector machines for multi-class pattern recognition"),
    autograd=("MultiMarginLossBackward0",),
    torch_function="multi_margin_loss",
    torch_parameters={"power": "p"},
    exact_in_torch=False,  # it takes rows only
)
