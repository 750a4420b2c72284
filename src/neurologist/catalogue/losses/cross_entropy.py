"""Softmax and the negative log-probability of the right class, in one: takes raw scores."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

REST = "(sum(where(z < max(z), exp(z - max(z)), 0)) + (sum(where(z < max(z), 0, 1)) - 1))"  # sum of others / largest

LOSS = Loss(
    name="cross_entropy",
    formula="-sum(y * log(exp(z) / sum(exp(z))))",
    stable=f"sum(where(y > 0, y * (max(z) - z), 0)) + sum(y) * log1p({REST})",
    stable_derivative=(
        f"where(z < max(z), sum(y) * exp(z - max(z)) / (1 + {REST}) - y, (sum(y) - y) - sum(y) * {REST} / (1 + {REST}))"
    ),
    steps=(
        ("loss", "-sum(y * log(exp(z) / sum(exp(z))))", "the definition: softmax, then -log of the right class"),
        ("loss", "-sum(y * (z - log(sum(exp(z)))))", "the logarithm of a quotient is a difference"),
        ("loss", "sum(y) * log(sum(exp(z))) - sum(y * z)", "the second part is the same for all classes"),
        ("loss", "log(sum(exp(z))) - sum(y * z)", "the targets sum to 1"),
        ("slope", "exp(z) / sum(exp(z)) - y", "differentiate by one score; the chain rule on log and sum"),
    ),
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    applies="softmax",
    vector=True,
    prepare="classes",
    prepared=("y",),
    fused=True,
    source=Source(
        "Bridle",
        1990,
        "Training stochastic model recognition algorithms as networks can lead to maximum mutual"
        " information estimation of parameters",
    ),
    torch_function="cross_entropy",
    exact_in_torch=False,
    aliases=("softmax_cross_entropy",),
)
