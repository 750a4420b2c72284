"""Cross-entropy with the weight of its first polynomial term changed."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

REST = "(sum(where(z < max(z), exp(z - max(z)), 0)) + (sum(where(z < max(z), 0, 1)) - 1))"  # sum of others / largest
LESS = f"(log1p({REST}) + (max(z) - z))"  # -log p, with the digits that log(sum) would round away

LOSS = Loss(
    name="poly",
    formula="sum(y * (epsilon * (1 - exp(z) / sum(exp(z))) - log(exp(z) / sum(exp(z)))))",
    stable=f"sum(where(y > 0, y * ({LESS} - epsilon * expm1(-{LESS})), 0))",
    parameters={"epsilon": 1.0},
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    applies="softmax",
    vector=True,
    prepare="classes",
    prepared=("y",),
    source=Source(
        "Leng, Tan, Liu, Cubuk, Shi, Cheng, Anguelov",
        2022,
        "PolyLoss: a polynomial expansion perspective of classification loss functions",
    ),
    aliases=("poly_loss_cross_entropy",),
)
