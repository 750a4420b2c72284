"""Binary cross-entropy of every label, averaged over labels: takes raw scores."""

from neurologist.catalogue.spec import REAL, UNIT, Loss, Source

LOSS = Loss(
    name="multilabel_soft_margin",
    formula="sum(t * log(1 + exp(-z)) + (1 - t) * log(1 + exp(z))) / k",
    stable="sum(t * softplus(-z) + (1 - t) * softplus(z)) / k",
    stable_derivative="((1 - t) * sigmoid(z) - t * sigmoid(-z)) / k",
    predictions=REAL,
    targets=UNIT,
    target_kind="probability",
    expects="logits",
    applies="sigmoid",
    vector=True,
    prepare="count",
    prepared=("k",),
    source=Source("Cox", 1958, "The regression analysis of binary sequences"),
    torch_function="multilabel_soft_margin_loss",
    exact_in_torch=False,
)
