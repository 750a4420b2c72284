"""The negative log-likelihood of a binary outcome written as -1 or 1: takes raw scores."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="soft_margin",
    formula="log(1 + exp(-t * z))",
    stable="softplus(-t * z)",
    stable_derivative="-t * sigmoid(-t * z)",
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="logits",
    applies="sigmoid",
    source=Source(
        "Friedman, Hastie, Tibshirani",
        2000,
        "Additive logistic regression: a statistical view of boosting",
    ),
    autograd=("SoftMarginLossBackward0",),
    torch_function="soft_margin_loss",
    exact_in_torch=False,  # its exponential overflows where a score is far on the wrong side
)
