"""Binary cross-entropy on raw scores, with what is already right weighted down."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, UNIT, Loss, Source

STABLE = "alpha * t * sigmoid(-z) ** gamma * softplus(-z) + (1 - alpha) * (1 - t) * sigmoid(z) ** gamma * softplus(z)"
SLOPE = (
    "(1 - alpha) * (1 - t) * sigmoid(z) ** gamma * (gamma * sigmoid(-z) * softplus(z) + sigmoid(z))"
    " - alpha * t * sigmoid(-z) ** gamma * (gamma * sigmoid(z) * softplus(-z) + sigmoid(-z))"
)

LOSS = Loss(
    name="binary_focal",
    formula=(
        "-(alpha * t * (1 - sigmoid(z)) ** gamma * log(sigmoid(z)) + (1 - alpha) * (1 - t) * sigmoid(z)"
        " ** gamma * log(1 - sigmoid(z)))"
    ),
    stable=STABLE,
    stable_derivative=SLOPE,
    parameters={"alpha": 0.25, "gamma": 2.0},
    domains={"alpha": UNIT, "gamma": NON_NEGATIVE},
    predictions=REAL,
    targets=UNIT,
    target_kind="probability",
    expects="logits",
    applies="sigmoid",
    source=Source("Lin, Goyal, Girshick, He, Dollar", 2017, "Focal loss for dense object detection"),
    aliases=("sigmoid_focal_loss",),
)
