"""Cross-entropy both ways round: a wrong label costs at most a constant; `floor` stands for log 0."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

REST = "(sum(where(z < max(z), exp(z - max(z)), 0)) + (sum(where(z < max(z), 0, 1)) - 1))"  # sum of others / largest
LESS = f"(log1p({REST}) + (max(z) - z))"  # -log p, with the digits that log(sum) would round away

LOSS = Loss(
    name="symmetric_cross_entropy",
    formula="-sum(alpha * y * log(exp(z) / sum(exp(z))) + beta * exp(z) / sum(exp(z)) * where(y > 0, log(y), floor))",
    stable=(
        f"sum(where(y > 0, alpha * y * {LESS} - beta * exp(-{LESS}) * log(max(y, 1e-30)), -beta *"
        f" exp(-{LESS}) * floor))"
    ),
    parameters={"alpha": 0.1, "beta": 1.0, "floor": -4.0},
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    applies="softmax",
    vector=True,
    prepare="labelled",
    prepared=("y",),
    source=Source(
        "Wang, Ma, Chen, Luo, Yi, Bailey", 2019, "Symmetric cross entropy for robust learning with noisy labels"
    ),
)
