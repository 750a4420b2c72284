"""Between cross-entropy (q = 0) and the absolute error (q = 1): minds wrong labels less."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Interval, Loss, Source

REST = "(sum(where(z < max(z), exp(z - max(z)), 0)) + (sum(where(z < max(z), 0, 1)) - 1))"  # sum of others / largest
LESS = f"(log1p({REST}) + (max(z) - z))"  # -log p, with the digits that log(sum) would round away

LOSS = Loss(
    name="generalized_cross_entropy",
    formula="sum(y * (1 - (exp(z) / sum(exp(z))) ** q) / q)",
    stable=f"sum(where(y > 0, -y * expm1(-q * {LESS}) / q, 0))",
    parameters={"q": 0.7},
    domains={"q": Interval(0.0, 1.0, False, True)},
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    applies="softmax",
    vector=True,
    prepare="classes",
    prepared=("y",),
    source=Source(
        "Zhang, Sabuncu", 2018, "Generalized cross entropy loss for training deep neural networks with noisy labels"
    ),
)
