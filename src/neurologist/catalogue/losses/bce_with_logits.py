"""Sigmoid and the negative log-likelihood of a binary outcome, in one: takes raw scores."""

from neurologist.catalogue.spec import REAL, UNIT, Loss, Source

LOSS = Loss(
    name="bce_with_logits",
    formula="pos_weight * t * log(1 + exp(-z)) + (1 - t) * log(1 + exp(z))",
    stable="pos_weight * t * softplus(-z) + (1 - t) * softplus(z)",
    stable_derivative="(1 - t) * sigmoid(z) - pos_weight * t * sigmoid(-z)",
    parameters={"pos_weight": 1.0},
    predictions=REAL,
    targets=UNIT,
    target_kind="probability",
    expects="logits",
    applies="sigmoid",
    source=Source("Cox", 1958, "The regression analysis of binary sequences"),
    autograd=("BinaryCrossEntropyWithLogitsBackward0",),
    torch_function="binary_cross_entropy_with_logits",
    exact_in_torch=False,
    aliases=("binary_cross_entropy_with_logits",),
)
