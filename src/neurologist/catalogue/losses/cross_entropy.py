"""Softmax and the negative log-probability of the right class, in one: takes raw scores."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="cross_entropy",
    formula="-log(exp(pick(z, t)) / sum(exp(z)))",
    stable="logsumexp(z) - pick(z, t)",
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="logits",
    applies="softmax",
    vector=True,
    source=Source(
        "Bridle",
        1990,
        "Training stochastic model recognition algorithms as networks can lead to "
        "maximum mutual information estimation of parameters",
    ),
    torch_function="cross_entropy",
)
