"""The negative log-likelihood of a count, up to a constant: takes the logarithm of the rate."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="poisson_nll",
    formula="exp(z) - t * z",
    predictions=REAL,
    targets=NON_NEGATIVE,
    target_kind="count",
    expects="logits",
    applies="exp",
    source=Source("Nelder, Wedderburn", 1972, "Generalized linear models"),
    torch_function="poisson_nll_loss",
    exact_in_torch=False,  # composed of three ops: half precision is rounded after each
)
