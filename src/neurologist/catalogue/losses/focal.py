"""Cross-entropy on raw scores, with what is already right weighted down."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

REST = "(sum(where(z < max(z), exp(z - max(z)), 0)) + (sum(where(z < max(z), 0, 1)) - 1))"  # sum of others / largest
LESS = f"(log1p({REST}) + (max(z) - z))"  # -log p, with the digits that log(sum) would round away

LOSS = Loss(
    name="focal",
    formula="-sum(y * (1 - exp(z) / sum(exp(z))) ** gamma * log(exp(z) / sum(exp(z))))",
    stable=f"sum(where(y > 0, y * (-expm1(-{LESS})) ** gamma * {LESS}, 0))",
    parameters={"gamma": 2.0},
    domains={"gamma": NON_NEGATIVE},
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    applies="softmax",
    vector=True,
    prepare="classes",
    prepared=("y",),
    source=Source("Lin, Goyal, Girshick, He, Dollar", 2017, "Focal loss for dense object detection"),
    aliases=("categorical_focal_crossentropy",),
)
